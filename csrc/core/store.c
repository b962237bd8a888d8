/*
 * store.c - records over raw flash that are whole after any loss of power [design 3, 8].
 * Called by config.c and certs.c; mounted by module.c at boot. Calls flash.c.
 *
 * The flash is two banks, and one of them counts:
 *
 *     bank:    head (MAGIC and count, sequence)  record  record  ...  erased
 *     record:  head (key and length, CRC of the content)  content
 *
 * A head ends in a CRC of itself and is programmed after all that it speaks for, so a head that is
 * whole vouches for the rest, and a torn one is no head. The last record of a key is the one that
 * counts. When a bank is full, or when something must not linger in it, what is to stay is copied to
 * the other bank, whose head is programmed last, and the old bank is erased. Of two banks with a
 * head (the power failed before that erase) the one with the later sequence counts.
 *
 * What reads as erased after a loss of power may have been programmed half-way, and nothing tells.
 * So a bank is only appended to in the session that filled it, and the first change after a mount
 * starts a fresh one.
 *
 * A head that was torn and one that decayed look alike, but a module that lost its CA must not take
 * itself for one that never had any. So a bank's head counts the records that it was filled with, and a
 * mount that finds more moves all into a fresh bank; one that finds fewer, or records and no head,
 * fails, and so does all else until the TLS files are cleaned.
 */
#include "inner.h"

enum {
    TLS_FILES = 1 << SPWF_RECORD_CA | 1 << SPWF_RECORD_CERT | 1 << SPWF_RECORD_KEY |
        1 << SPWF_RECORD_DOMAIN,
    CHUNK = SPWF_FLASH_CHUNK /* bytes moved at a time, for a board's small stack */
};

/* "SPW" in the flash, and a count; never the key and length of a record. */
#define MAGIC 0x00575053u

_Static_assert(sizeof(((struct spwf_store *)0)->at) == SPWF_RECORDS * sizeof(uint32_t), "records");

/* What a record is made of: bytes in memory, or (data NULL) bytes that are already in the flash. */
struct content {
    const uint8_t *data;
    uint32_t offset;
    uint32_t len, crc;
};

/* Programs a whole record at `offset`, its head last. */
static int record_program(struct spwf *m, uint32_t offset, uint32_t key,
                          const struct content *from) {
    uint8_t chunk[CHUNK];
    uint32_t to = offset + spwf_flash_head_size(m);
    int error = 0;

    for (uint32_t done = 0; error == 0 && done < from->len; done += CHUNK) {
        uint32_t n = from->len - done < CHUNK ? from->len - done : CHUNK;
        memset(chunk, 0xFF, sizeof chunk);
        if (from->data != NULL) {
            memcpy(chunk, from->data + done, n);
        } else {
            error = spwf_flash_read(m, from->offset + done, chunk, n);
        }
        if (error == 0) {
            error = spwf_flash_program(m, to + done, chunk, spwf_flash_round_up(m, n));
        }
    }
    spwf_wipe(chunk, sizeof chunk);
    return error != 0 ? error : spwf_flash_write_head(m, offset, key << 16 | from->len, from->crc);
}

static uint32_t record_size(const struct spwf *m, uint32_t len) {
    return spwf_flash_head_size(m) + spwf_flash_round_up(m, len);
}

/* The content of a record that is there. */
static struct content stored(const struct spwf *m, uint32_t key) {
    uint32_t start =
        m->store.bank * spwf_flash_bank_size(m) + m->store.at[key] + spwf_flash_head_size(m);

    return (struct content){.offset = start, .len = m->store.length[key], .crc = m->store.crc[key]};
}

static bool record_equals(struct spwf *m, enum spwf_record key, const struct content *other) {
    uint8_t chunk[CHUNK];
    struct content here = stored(m, key);
    bool same = m->store.at[key] != 0 && here.len == other->len;

    for (uint32_t done = 0; same && done < here.len; done += CHUNK) {
        uint32_t n = here.len - done < CHUNK ? here.len - done : CHUNK;
        same = spwf_flash_read(m, here.offset + done, chunk, n) == 0 &&
               memcmp(chunk, other->data + done, n) == 0;
    }
    spwf_wipe(chunk, sizeof chunk);
    return same;
}

/* ---------------------------------------------------------------- changes --------------------- */

/* Programs a record behind the last one of a bank and enters it in `next`, the view of that bank. */
static int append(struct spwf *m, struct spwf_store *next, uint32_t key,
                  const struct content *from) {
    int error = record_program(m, next->bank * spwf_flash_bank_size(m) + next->end, key, from);
    if (error == 0) {
        next->at[key] = next->end;
        next->length[key] = (uint16_t)from->len;
        next->crc[key] = from->crc;
        next->end += record_size(m, from->len);
    }
    return error;
}

/* Fills the other bank, which is erased, with the records that stay and the new one, if any. */
static int fill(struct spwf *m, struct spwf_store *next, uint32_t drop, uint32_t key,
                const struct content *added) {
    uint32_t count = 0;
    int error = 0;

    for (uint32_t k = 0; error == 0 && k < SPWF_RECORDS; k++) {
        if (m->store.at[k] != 0 && (drop & 1u << k) == 0) {
            struct content kept =
                stored(m, k); /* with its CRC: damage is not made good by a copy */
            error = append(m, next, k, &kept);
            count++;
        }
    }
    if (error == 0 && added != NULL) {
        error = append(m, next, key, added);
        count++;
    }
    if (error == 0) {
        error = spwf_flash_write_head(m, next->bank * spwf_flash_bank_size(m), MAGIC | count << 24,
                                      next->sequence);
    }
    return error;
}

/* Moves to the other bank without the records in `drop`, with the new one; erases the old bank. */
static int rewrite(struct spwf *m, uint32_t drop, uint32_t key, const struct content *added) {
    struct spwf_store *store = &m->store;
    struct spwf_store next = {.mounted = true,
                              .bank = !store->bank,
                              .sequence = store->sequence + 1,
                              .end = spwf_flash_head_size(m)};
    int error = store->clean ? 0 : spwf_flash_erase(m, next.bank);

    store->clean = false; /* until all of this has succeeded */
    if (error == 0) {
        error = fill(m, &next, drop, key, added);
    }
    if (error == 0) {
        *store = next;
        error = spwf_flash_erase(m, !store->bank);
        store->clean = error == 0;
    }
    return error;
}

/* The first bank of all begins with its head, so that no loss of power leaves records without one. */
static int begin(struct spwf *m) {
    int error = 0;

    for (uint8_t bank = 0; error == 0 && bank < 2; bank++) {
        error = spwf_flash_erase(m, bank);
    }
    if (error == 0) {
        error = spwf_flash_write_head(m, 0, MAGIC, 1);
    }
    if (error == 0) {
        m->store = (struct spwf_store){
            .mounted = true, .clean = true, .sequence = 1, .end = spwf_flash_head_size(m)};
    }
    return error;
}

/* Whether the records that stay leave room for `more` bytes in a fresh bank. */
static bool fits(const struct spwf *m, uint32_t drop, uint32_t more) {
    uint32_t total = spwf_flash_head_size(m) + more;

    for (uint32_t k = 0; k < SPWF_RECORDS; k++) {
        if (m->store.at[k] != 0 && (drop & 1u << k) == 0) {
            total += record_size(m, m->store.length[k]);
        }
    }
    return total <= spwf_flash_bank_size(m);
}

/* ---------------------------------------------------------------- mount ----------------------- */

/* Of a bank without a head, which is blank or garbage, unless that has decayed: see begin(). */
static bool bank_has_records(struct spwf *m, uint32_t bank) {
    uint32_t words[3];
    return spwf_flash_read_head(m, bank * spwf_flash_bank_size(m) + spwf_flash_head_size(m),
                                words) != SPWF_E_ABSENT;
}

/* Enters the whole records of the bank; their number. Whatever follows was never finished. */
static int scan(struct spwf *m) {
    struct spwf_store *store = &m->store;
    uint32_t size = spwf_flash_bank_size(m), at = spwf_flash_head_size(m), words[3];
    int error = 0, count = 0;

    while (error == 0 && size - at >= spwf_flash_head_size(m)) {
        error = spwf_flash_read_head(m, store->bank * size + at, words);
        uint32_t key = words[0] >> 16, len = words[0] & 0xFFFFu;
        if (key == 0 || key >= SPWF_RECORDS || record_size(m, len) > size - at) {
            break;
        }
        store->at[key] = at;
        store->length[key] = (uint16_t)len;
        store->crc[key] = words[1];
        at += record_size(m, len);
        count++;
    }
    return error == SPWF_E_NV ? error : count;
}

int spwf_store_mount(struct spwf *m) {
    struct spwf_store *store = &m->store;
    uint32_t words[2][3];
    bool valid[2];

    memset(store, 0, sizeof *store);
    int error = spwf_flash_check(m);
    if (error != 0) {
        return error;
    }
    for (uint32_t bank = 0; bank < 2; bank++) {
        if (spwf_flash_read_head(m, bank * spwf_flash_bank_size(m), words[bank]) == SPWF_E_NV) {
            return SPWF_E_NV;
        }
        valid[bank] = (words[bank][0] & 0x00FFFFFFu) == MAGIC;
    }
    if (!valid[0] && !valid[1]) {
        store->blank = !bank_has_records(m, 0) && !bank_has_records(m, 1);
        store->mounted = store->blank;
        return store->mounted ? SPWF_OK : SPWF_E_NV;
    }
    /* The difference, not the order: a sequence may wrap. */
    store->bank = !valid[0] || (valid[1] && (int32_t)(words[1][1] - words[0][1]) > 0);
    store->sequence = words[store->bank][1];
    int found = scan(m), filled = (int)(words[store->bank][0] >> 24);
    store->mounted = found >= filled;
    if (!store->mounted) {
        return SPWF_E_NV;
    }
    if (found > filled) {
        return rewrite(m, 0, 0, NULL);
    }
    /* The power may have failed before the old bank, and the key in it, was erased. */
    return spwf_flash_is_blank(m, !store->bank) ? SPWF_OK : spwf_flash_erase(m, !store->bank);
}

/* ---------------------------------------------------------------- records --------------------- */

static int usable(const struct spwf *m) {
    int error = spwf_flash_check(m);
    return error == 0 && !m->store.mounted ? SPWF_E_NV : error;
}

int spwf_store_size(struct spwf *m, enum spwf_record key) {
    int error = usable(m);
    if (error != 0) {
        return error;
    }
    return m->store.at[key] != 0 ? (int)m->store.length[key] : SPWF_E_ABSENT;
}

int spwf_store_read(struct spwf *m, enum spwf_record key, void *data, size_t size) {
    int len = spwf_store_size(m, key);
    if (len < 0) {
        return len;
    }
    if (size < (size_t)len) {
        return SPWF_E_NO_ROOM;
    }
    struct content here = stored(m, key);
    if (spwf_flash_read(m, here.offset, data, here.len) != 0 ||
        spwf_flash_crc(data, here.len) != here.crc) {
        spwf_wipe(data, size);
        return SPWF_E_NV;
    }
    return len;
}

int spwf_store_write(struct spwf *m, enum spwf_record key, const void *data, size_t len) {
    int error = usable(m);
    if (error == 0 && m->store.blank) {
        error = begin(m);
    }
    if (error != 0) {
        return error;
    }
    if (len > UINT16_MAX || !fits(m, 1u << key, record_size(m, (uint32_t)len))) {
        return SPWF_E_NO_ROOM;
    }
    struct content from = {.data = data, .len = (uint32_t)len, .crc = spwf_flash_crc(data, len)};
    if (key != SPWF_RECORD_KEY && record_equals(m, key, &from)) {
        return SPWF_OK; /* an AT&W at every boot wears nothing */
    }
    bool secret = key == SPWF_RECORD_KEY || key == SPWF_RECORD_CONFIG; /* passphrases */
    bool lingers = secret && m->store.at[key] != 0;
    if (!m->store.clean || lingers ||
        record_size(m, from.len) > spwf_flash_bank_size(m) - m->store.end) {
        return rewrite(m, 1u << key, key, &from);
    }
    error = append(m, &m->store, key, &from);
    m->store.clean = error == 0;
    return error;
}

int spwf_store_remove(struct spwf *m, uint32_t keys) {
    int error = usable(m);
    if (error == SPWF_E_NV && (keys & TLS_FILES) == TLS_FILES && spwf_flash_check(m) == 0) {
        return begin(m); /* what cannot be read is given up */
    }
    if (error != 0 || m->store.blank) {
        return error;
    }
    bool present = false;
    for (uint32_t k = 0; k < SPWF_RECORDS; k++) {
        present = present || (m->store.at[k] != 0 && (keys & 1u << k) != 0);
    }
    /* Where none is there but the bank is not clean, the remains of one may be. */
    return present || !m->store.clean ? rewrite(m, keys, 0, NULL) : SPWF_OK;
}
