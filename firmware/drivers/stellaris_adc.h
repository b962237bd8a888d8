/*
 * stellaris_adc.h - random bits from the noise of the LM3S6965's converter.
 */
#ifndef STELLARIS_ADC_H
#define STELLARIS_ADC_H

#include <stdbool.h>
#include <stddef.h>

/* false: the converter does not run, or shows no noise. */
bool stellaris_adc_noise(void *data, size_t len);

#endif
