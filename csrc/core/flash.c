/*
 * flash.c - the raw flash under the store: two banks, pieces that are read back, and heads that vouch
 * for themselves. Called by store.c, which says what all of it is for; calls port->nv.
 */
#include "inner.h"

enum {
    HEAD = 12,   /* bytes: two words and their CRC-32, in the machine's byte order */
    BLOCK = 256, /* bytes looked through at a time, where the stack is not deep */
    UNIT_MAX = 16,
    BANK_MIN = 8192
};

_Static_assert(SPWF_FLASH_CHUNK % UNIT_MAX == 0 && HEAD <= UNIT_MAX, "units");

/* CRC-32 of IEEE 802.3; without its table of 1 KB, as a module reads a few KB now and then. */
uint32_t spwf_flash_crc(const void *data, size_t len) {
    const uint8_t *bytes = data;
    uint32_t crc = 0xFFFFFFFFu;

    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}

static const struct spwf_nv_port *nv_of(const struct spwf *m) {
    return m->config.port->nv;
}

int spwf_flash_check(const struct spwf *m) {
    const struct spwf_nv_port *nv = nv_of(m);
    if (nv == NULL) {
        return SPWF_E_ABSENT;
    }
    bool unit = nv->unit >= 1 && nv->unit <= UNIT_MAX && (nv->unit & (nv->unit - 1)) == 0;
    uint64_t total = (uint64_t)nv->page_size * nv->pages;

    return unit && nv->page_size % SPWF_FLASH_CHUNK == 0 && nv->pages % 2 == 0 &&
                   total / 2 >= BANK_MIN && total <= INT32_MAX
               ? SPWF_OK
               : SPWF_E_NV;
}

uint32_t spwf_flash_bank_size(const struct spwf *m) {
    return nv_of(m)->pages / 2 * nv_of(m)->page_size;
}

uint32_t spwf_flash_round_up(const struct spwf *m, uint32_t len) {
    return (len + nv_of(m)->unit - 1) & ~(nv_of(m)->unit - 1);
}

uint32_t spwf_flash_head_size(const struct spwf *m) {
    return spwf_flash_round_up(m, HEAD);
}

int spwf_flash_read(struct spwf *m, uint32_t offset, void *data, size_t len) {
    return nv_of(m)->read(m->config.ctx, offset, data, len) < 0 ? SPWF_E_NV : SPWF_OK;
}

/* Worn flash fails here, not when the record is wanted. */
int spwf_flash_program(struct spwf *m, uint32_t offset, const void *data, uint32_t len) {
    uint8_t back[SPWF_FLASH_CHUNK];
    int error = nv_of(m)->program(m->config.ctx, offset, data, len) < 0 ? SPWF_E_NV : SPWF_OK;

    if (error == 0 &&
        (spwf_flash_read(m, offset, back, len) != 0 || memcmp(back, data, len) != 0)) {
        error = SPWF_E_NV;
    }
    spwf_wipe(back, sizeof back);
    return error;
}

bool spwf_flash_is_blank(struct spwf *m, uint8_t bank) {
    uint8_t block[BLOCK];
    uint32_t end = (bank + 1u) * spwf_flash_bank_size(m), n;
    bool blank = true;

    for (uint32_t offset = bank * spwf_flash_bank_size(m); blank && offset < end; offset += n) {
        n = end - offset < BLOCK ? end - offset : BLOCK;
        blank = spwf_flash_read(m, offset, block, n) == 0 && block[0] == 0xFF &&
                memcmp(block, block + 1, n - 1) == 0; /* each is as the one before it */
    }
    spwf_wipe(block, sizeof block);
    return blank;
}

int spwf_flash_erase(struct spwf *m, uint8_t bank) {
    uint32_t half = nv_of(m)->pages / 2;

    for (uint32_t page = bank * half; page < (bank + 1u) * half; page++) {
        if (nv_of(m)->erase(m->config.ctx, page) < 0) {
            return SPWF_E_NV;
        }
    }
    return spwf_flash_is_blank(m, bank) ? SPWF_OK : SPWF_E_NV;
}

int spwf_flash_read_head(struct spwf *m, uint32_t offset, uint32_t words[3]) {
    int error = spwf_flash_read(m, offset, words, HEAD);
    if (error == 0 && words[2] != spwf_flash_crc(words, 8)) {
        error = SPWF_E_ABSENT;
    }
    if (error != 0) {
        memset(words, 0, HEAD);
    }
    return error;
}

int spwf_flash_write_head(struct spwf *m, uint32_t offset, uint32_t first, uint32_t second) {
    uint32_t words[UNIT_MAX / 4] = {first, second, 0, 0xFFFFFFFFu};

    words[2] = spwf_flash_crc(words, 8);
    return spwf_flash_program(m, offset, words, spwf_flash_head_size(m));
}
