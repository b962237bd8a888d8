/*
 * stellaris_flash.c - the last 32 KB of the LM3S6965's flash as the module's non-volatile memory
 * [LM3S6965 data sheet, 8]. Called by the core through the port. Pages of 1 KB, words of 32 bits,
 * each programmed once per erase. While the controller works the processor waits for its next
 * instruction, so nothing else runs: 20 us for a word, 20 ms for a page.
 *
 * QEMU does not model the controller: writes go nowhere, and store.c, which reads back, says so.
 */
#include "stellaris_flash.h"

#include <string.h>

#include "../cm3/cpu.h"

#define FMA REGISTER(0x400FD000)
#define FMD REGISTER(0x400FD004)
#define FMC REGISTER(0x400FD008)
#define USECRL REGISTER(0x400FE140) /* MHz - 1: the controller's time base */

#define WRKEY 0xA4420000u
enum { WRITE = 1, ERASE = 1 << 1 };
enum { PAGE = 1024, PAGES = 32, UNIT = 4, MHZ = 50 };

extern const uint8_t nv_start[]; /* board.ld */

static void run(uint32_t what) {
    USECRL = MHZ - 1;
    FMC = WRKEY | what;
    while ((FMC & what) != 0) {
    }
}

static int flash_read(void *ctx, uint32_t offset, void *data, size_t len) {
    (void)ctx;
    if (offset > PAGE * PAGES || len > PAGE * PAGES - offset) {
        return SPWF_E_NV;
    }
    memcpy(data, nv_start + offset, len);
    return SPWF_OK;
}

static int flash_program(void *ctx, uint32_t offset, const void *data, size_t len) {
    (void)ctx;
    if (offset > PAGE * PAGES || len > PAGE * PAGES - offset || offset % UNIT != 0 ||
        len % UNIT != 0) {
        return SPWF_E_NV;
    }
    for (size_t done = 0; done < len; done += UNIT) {
        uint32_t word;
        memcpy(&word, (const uint8_t *)data + done, sizeof word);
        FMA = (uint32_t)(uintptr_t)nv_start + offset + (uint32_t)done;
        FMD = word;
        run(WRITE);
    }
    return SPWF_OK;
}

static int flash_erase(void *ctx, uint32_t page) {
    (void)ctx;
    if (page >= PAGES) {
        return SPWF_E_NV;
    }
    FMA = (uint32_t)(uintptr_t)nv_start + page * PAGE;
    run(ERASE);
    return SPWF_OK;
}

const struct spwf_nv_port stellaris_flash = {
    .page_size = PAGE,
    .pages = PAGES,
    .unit = UNIT,
    .read = flash_read,
    .program = flash_program,
    .erase = flash_erase,
};
