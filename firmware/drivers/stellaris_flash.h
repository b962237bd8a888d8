/*
 * stellaris_flash.h - the module's flash in the LM3S6965's own.
 */
#ifndef STELLARIS_FLASH_H
#define STELLARIS_FLASH_H

#include "spwf.h"

extern const struct spwf_nv_port stellaris_flash;

#endif
