/*
 * nv_memory.c - flash that is gone with the process. Called by the core through the port. A page
 * takes memory from its first program() to its erase(), so thousands of idle modules cost nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "world.h"

static int nv_read(void *ctx, uint32_t offset, void *data, size_t len) {
    const struct nv *nv = &((const struct world *)ctx)->nv;
    if (offset > WORLD_NV_SIZE || len > WORLD_NV_SIZE - offset) {
        return SPWF_E_NV;
    }
    for (uint8_t *out = data; len > 0;) {
        uint32_t at = offset % WORLD_NV_PAGE;
        size_t n = len < WORLD_NV_PAGE - at ? len : WORLD_NV_PAGE - at;
        const uint8_t *page = nv->pages[offset / WORLD_NV_PAGE];
        if (page != NULL) {
            memcpy(out, page + at, n);
        } else {
            memset(out, 0xFF, n);
        }
        out += n;
        offset += (uint32_t)n;
        len -= n;
    }
    return SPWF_OK;
}

bool spwf_nv_memory_blank(const uint8_t *old, const uint8_t *data, size_t len) {
    for (size_t i = 0; i < len; i++) {
        size_t unit = i - i % WORLD_NV_UNIT;
        bool writes = false, blank = true;
        for (size_t k = unit; k < unit + WORLD_NV_UNIT; k++) {
            writes = writes || data[k] != 0xFF;
            blank = blank && old[k] == 0xFF;
        }
        if (writes && !blank) {
            return false;
        }
    }
    return true;
}

static int nv_program(void *ctx, uint32_t offset, const void *data, size_t len) {
    struct nv *nv = &((struct world *)ctx)->nv;
    nv->programs++;
    if (offset > WORLD_NV_SIZE || len > WORLD_NV_SIZE - offset || offset % WORLD_NV_UNIT != 0 ||
        len % WORLD_NV_UNIT != 0) {
        return SPWF_E_NV;
    }
    for (const uint8_t *in = data; len > 0;) {
        uint32_t at = offset % WORLD_NV_PAGE;
        size_t n = len < WORLD_NV_PAGE - at ? len : WORLD_NV_PAGE - at;
        uint8_t **page = &nv->pages[offset / WORLD_NV_PAGE];
        if (*page == NULL) {
            *page = malloc(WORLD_NV_PAGE);
            if (*page == NULL) {
                return SPWF_E_NV;
            }
            memset(*page, 0xFF, WORLD_NV_PAGE);
        }
        if (!spwf_nv_memory_blank(*page + at, in, n)) {
            return SPWF_E_NV;
        }
        for (size_t i = 0; i < n; i++) {
            (*page)[at + i] &= in[i];
        }
        in += n;
        offset += (uint32_t)n;
        len -= n;
    }
    return SPWF_OK;
}

static int nv_erase(void *ctx, uint32_t page) {
    struct nv *nv = &((struct world *)ctx)->nv;
    nv->erases++;
    if (page >= WORLD_NV_PAGES) {
        return SPWF_E_NV;
    }
    if (nv->pages[page] != NULL) {
        explicit_bzero(nv->pages[page], WORLD_NV_PAGE);
        free(nv->pages[page]);
        nv->pages[page] = NULL;
    }
    return SPWF_OK;
}

void spwf_nv_memory_close(struct nv *nv) {
    for (int i = 0; i < WORLD_NV_PAGES; i++) {
        if (nv->pages[i] != NULL) {
            explicit_bzero(nv->pages[i], WORLD_NV_PAGE);
            free(nv->pages[i]);
            nv->pages[i] = NULL;
        }
    }
}

const struct spwf_nv_port spwf_nv_memory_port = {
    .page_size = WORLD_NV_PAGE,
    .pages = WORLD_NV_PAGES,
    .unit = WORLD_NV_UNIT,
    .read = nv_read,
    .program = nv_program,
    .erase = nv_erase,
};
