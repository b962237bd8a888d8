/*
 * stellaris_adc.c - random bits from the noise of the LM3S6965's converter [LM3S6965 data sheet, 12]:
 * the lowest bits of samples of its temperature sensor, 32 of them for each bit that is given out.
 * Called by the board. The TLS library whitens what comes with SHA-256.
 *
 * How much noise a given chip has was not measured. What is checked is that the bit moves at all.
 */
#include "stellaris_adc.h"

#include <stdint.h>

#include "../cm3/cpu.h"

#define BASE 0x40038000u
#define ADCACTSS REGISTER(BASE + 0x000)
#define ADCRIS REGISTER(BASE + 0x004)
#define ADCISC REGISTER(BASE + 0x00C)
#define ADCEMUX REGISTER(BASE + 0x014)
#define ADCPSSI REGISTER(BASE + 0x028)
#define ADCSSCTL3 REGISTER(BASE + 0x0A4)
#define ADCSSFIFO3 REGISTER(BASE + 0x0A8)

enum { SS3 = 1 << 3 };
enum { TS = 1 << 3, IE = 1 << 2, END = 1 << 1 }; /* ADCSSCTL3: the sensor, one sample */
enum { SAMPLES = 32, PATIENCE = 10000 };

static bool sample(uint32_t *value) {
    ADCPSSI = SS3;
    for (int i = 0; i < PATIENCE; i++) {
        if ((ADCRIS & SS3) != 0) {
            ADCISC = SS3;
            *value = ADCSSFIFO3;
            return true;
        }
    }
    return false;
}

bool stellaris_adc_noise(void *data, size_t len) {
    uint8_t *out = data;
    uint32_t changes = 0, last = 0, value = 0;
    ADCACTSS = 0;
    ADCEMUX = 0; /* started by software */
    ADCSSCTL3 = TS | IE | END;
    ADCACTSS = SS3;
    for (size_t i = 0; i < len; i++) {
        uint32_t byte = 0;
        for (int n = 0; n < 8 * SAMPLES; n++) {
            if (!sample(&value)) {
                return false;
            }
            changes += (value ^ last) & 1;
            last = value;
            byte ^= (value & 1) << (n / SAMPLES);
        }
        out[i] = (uint8_t)byte;
    }
    return changes >= len * SAMPLES / 4; /* an eighth of what a fair bit would do */
}
