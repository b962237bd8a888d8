/*
 * certs.c - the four TLS files f_ca, f_cert, f_key, f_domain in flash and their twins in RAM: which
 * one counts, and how large they may be [note 3.3; design 10, "Sizes"].
 * Called by cmd_tls.c, opening.c and module.c (at reset). Calls store.c and port->alloc, release.
 */
#include "inner.h"

enum { TOGETHER = 3072, TOGETHER_OFF = 6144 }; /* bytes of the flash files; of the RAM files too */

static enum spwf_record record_of(enum spwf_slot slot) {
    return (enum spwf_record)(SPWF_RECORD_CA + (int)slot);
}

static void drop_twin(struct spwf *m, enum spwf_slot slot) {
    spwf_certs_release(m, m->certs.ram[slot], m->certs.size[slot]);
    m->certs.ram[slot] = NULL;
    m->certs.size[slot] = 0;
}

/* As spwf_certs_size(), or SPWF_E_NV: a file that cannot be read is not one that is absent. */
static int present(struct spwf *m, enum spwf_slot slot, bool flash) {
    int size = flash ? spwf_store_size(m, record_of(slot)) : m->certs.size[slot];
    return size == SPWF_E_ABSENT ? 0 : size;
}

int spwf_certs_size(struct spwf *m, enum spwf_slot slot, bool flash) {
    int size = present(m, slot, flash);
    return size < 0 ? 0 : size;
}

int spwf_certs_check(struct spwf *m, enum spwf_slot slot, bool flash, size_t len) {
    size_t total = len;

    if (len == 0) {
        return SPWF_R_ZERO;
    }
    if (len > SPWF_BODY_MAX) {
        return SPWF_R_SIZE;
    }
    for (int other = 0; other < SPWF_SLOTS; other++) {
        if (other != (int)slot) {
            total += (size_t)spwf_certs_size(m, (enum spwf_slot)other, flash);
        }
    }
    return total <= (m->config.limits_off ? TOGETHER_OFF : TOGETHER) ? SPWF_OK : SPWF_R_SIZE;
}

int spwf_certs_put(struct spwf *m, enum spwf_slot slot, bool flash, const void *data, size_t len) {
    int error = spwf_certs_check(m, slot, flash, len);
    if (error != 0) {
        return error;
    }
    if (flash) {
        return spwf_store_write(m, record_of(slot), data, len);
    }
    void *copy = m->config.port->alloc(m->config.ctx, len);
    if (copy == NULL) {
        return SPWF_E_NO_ROOM;
    }
    memcpy(copy, data, len);
    drop_twin(m, slot);
    m->certs.ram[slot] = copy;
    m->certs.size[slot] = (uint16_t)len;
    return SPWF_OK;
}

int spwf_certs_clean(struct spwf *m, uint32_t slots, bool flash) {
    if (flash) {
        return spwf_store_remove(m, slots << SPWF_RECORD_CA);
    }
    for (int slot = 0; slot < SPWF_SLOTS; slot++) {
        if ((slots & 1u << slot) != 0) {
            drop_twin(m, (enum spwf_slot)slot);
        }
    }
    return SPWF_OK;
}

int spwf_certs_get(struct spwf *m, enum spwf_slot slot, uint8_t **data) {
    bool flash = m->certs.ram[slot] == NULL;
    int size = present(m, slot, flash);

    *data = NULL;
    if (size <= 0) {
        return size;
    }
    uint8_t *copy = m->config.port->alloc(m->config.ctx, (size_t)size + 1);
    if (copy == NULL) {
        return SPWF_E_NO_ROOM;
    }
    int len = size;
    copy[size] = '\0';
    if (flash) {
        len = spwf_store_read(m, record_of(slot), copy, (size_t)size);
    } else {
        memcpy(copy, m->certs.ram[slot], (size_t)size);
    }
    if (len < 0) {
        spwf_certs_release(m, copy, (size_t)size);
        return len;
    }
    *data = copy;
    return size;
}

void spwf_certs_release(struct spwf *m, uint8_t *data, size_t len) {
    if (data != NULL) {
        spwf_wipe(data, len);
        m->config.port->release(m->config.ctx, data);
    }
}

void spwf_certs_forget(struct spwf *m) {
    spwf_certs_clean(m, (1u << SPWF_SLOTS) - 1, false);
}
