/*
 * nv_semihosted.c - the module's flash in a file of the machine that QEMU runs on, byte for byte the
 * format of spwf://?nv=FILE. Called by the core through the port. It behaves as flash: a unit is
 * programmed once per erase, bits only fall.
 *
 * With the option cut=N the power fails in the middle of flash operation N: half of it is done, and
 * the program ends with status 77.
 */
#include <string.h>

#include "cm3/semihosting.h"
#include "port.h"

enum { PAGE = 1024, PAGES = 32, UNIT = 4, CHUNK = 64, CUT_STATUS = 77 };

static int file = -1;
static uint32_t operations;

/* How much of an operation of `len` bytes the power lasts for. */
static size_t lasting(size_t len) {
    operations++;
    return operations == options.cut ? len / 2 / UNIT * UNIT : len;
}

static void lose_power(void) {
    if (operations == options.cut) {
        semihosting_exit(CUT_STATUS);
    }
}

static bool within(uint32_t offset, size_t len) {
    return offset <= PAGE * PAGES && len <= PAGE * PAGES - offset;
}

static bool fill(uint32_t offset, size_t len) {
    uint8_t blank[CHUNK];
    bool good = true;
    memset(blank, 0xFF, sizeof blank);
    for (size_t done = 0, n; good && done < len; done += n) {
        n = len - done < CHUNK ? len - done : CHUNK;
        good = semihosting_write(file, offset + (uint32_t)done, blank, n);
    }
    return good;
}

static int nv_read(void *ctx, uint32_t offset, void *data, size_t len) {
    (void)ctx;
    return within(offset, len) && semihosting_read(file, offset, data, len) ? SPWF_OK : SPWF_E_NV;
}

/* One unit: written only where it is blank, or where nothing is to change. */
static bool program_unit(uint32_t offset, const uint8_t *data) {
    const uint8_t blank[UNIT] = {0xFF, 0xFF, 0xFF, 0xFF};
    uint8_t old[UNIT];
    return memcmp(data, blank, UNIT) == 0 ||
           (semihosting_read(file, offset, old, UNIT) && memcmp(old, blank, UNIT) == 0 &&
            semihosting_write(file, offset, data, UNIT));
}

static int nv_program(void *ctx, uint32_t offset, const void *data, size_t len) {
    (void)ctx;
    if (!within(offset, len) || offset % UNIT != 0 || len % UNIT != 0) {
        return SPWF_E_NV;
    }
    size_t most = lasting(len);
    for (size_t done = 0; done < most; done += UNIT) {
        if (!program_unit(offset + (uint32_t)done, (const uint8_t *)data + done)) {
            return SPWF_E_NV;
        }
    }
    lose_power();
    return SPWF_OK;
}

static int nv_erase(void *ctx, uint32_t page) {
    (void)ctx;
    if (page >= PAGES || !fill(page * PAGE, lasting(PAGE))) {
        return SPWF_E_NV;
    }
    lose_power();
    return SPWF_OK;
}

static const struct spwf_nv_port semihosted = {
    .page_size = PAGE,
    .pages = PAGES,
    .unit = UNIT,
    .read = nv_read,
    .program = nv_program,
    .erase = nv_erase,
};

const struct spwf_nv_port *port_nv_semihosted(void) {
    if (options.nv == NULL) {
        return NULL;
    }
    file = semihosting_open(options.nv, SEMIHOSTING_UPDATE);
    bool good = file >= 0;
    if (!good) {
        file = semihosting_open(options.nv, SEMIHOSTING_CREATE);
        good = file >= 0 && fill(0, PAGE * PAGES);
    }
    if (!good || semihosting_length(file) != PAGE * PAGES) {
        semihosting_say("spwf: nv= names no file that can be the flash, which has 32768 bytes\n");
        semihosting_exit(2);
    }
    return &semihosted;
}
