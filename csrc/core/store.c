/*
 * store.c - records over raw flash that are whole after any loss of power [design 3, 8].
 * Called by config.c and certs.c; mounted by module.c at boot. Calls only port->nv.
 *
 * The flash is two banks, and one of them counts:
 *
 *     bank:    head (MAGIC, sequence)  record  record  ...  erased
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
 */
#include "inner.h"

enum {
    HEAD = 12,   /* bytes: two words and their CRC-32, in the machine's byte order */
    CHUNK = 32,  /* bytes moved at a time, for a board's small stack; a multiple of any unit */
    BLOCK = 256, /* bytes looked through at a time, where the stack is not deep */
    UNIT_MAX = 16,
    BANK_MIN = 8192
};

#define MAGIC 0x46575053u /* "SPWF" in the flash; never the key and length of a record */

_Static_assert(sizeof(((struct spwf_store *)0)->at) == SPWF_RECORDS * sizeof(uint32_t), "records");
_Static_assert(CHUNK % UNIT_MAX == 0 && HEAD <= UNIT_MAX, "units");

/* CRC-32 of IEEE 802.3; without its table of 1 KB, as a module reads a few KB now and then. */
static uint32_t crc32(const void *data, size_t len) {
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

/* ---------------------------------------------------------------- flash ----------------------- */

static const struct spwf_nv_port *nv_of(const struct spwf *m) {
    return m->config.port->nv;
}

static uint32_t bank_size(const struct spwf *m) {
    return nv_of(m)->pages / 2 * nv_of(m)->page_size;
}

static uint32_t round_up(const struct spwf *m, uint32_t len) {
    return (len + nv_of(m)->unit - 1) & ~(nv_of(m)->unit - 1);
}

static uint32_t record_size(const struct spwf *m, uint32_t len) {
    return round_up(m, HEAD) + round_up(m, len);
}

static int flash_read(struct spwf *m, uint32_t offset, void *data, size_t len) {
    return nv_of(m)->read(m->config.ctx, offset, data, len) < 0 ? SPWF_E_NV : SPWF_OK;
}

/* Programs at most a CHUNK and reads it back: worn flash fails here, not when the record is wanted. */
static int flash_program(struct spwf *m, uint32_t offset, const void *data, uint32_t len) {
    uint8_t back[CHUNK];
    int error = nv_of(m)->program(m->config.ctx, offset, data, len) < 0 ? SPWF_E_NV : SPWF_OK;

    if (error == 0 && (flash_read(m, offset, back, len) != 0 || memcmp(back, data, len) != 0)) {
        error = SPWF_E_NV;
    }
    spwf_wipe(back, sizeof back);
    return error;
}

static bool bank_is_blank(struct spwf *m, uint8_t bank) {
    uint8_t block[BLOCK];
    uint32_t end = (bank + 1u) * bank_size(m), n;
    bool blank = true;

    for (uint32_t offset = bank * bank_size(m); blank && offset < end; offset += n) {
        n = end - offset < BLOCK ? end - offset : BLOCK;
        blank = flash_read(m, offset, block, n) == 0 && block[0] == 0xFF &&
                memcmp(block, block + 1, n - 1) == 0; /* each is as the one before it */
    }
    spwf_wipe(block, sizeof block);
    return blank;
}

static int bank_erase(struct spwf *m, uint8_t bank) {
    uint32_t half = nv_of(m)->pages / 2;

    for (uint32_t page = bank * half; page < (bank + 1u) * half; page++) {
        if (nv_of(m)->erase(m->config.ctx, page) < 0) {
            return SPWF_E_NV;
        }
    }
    return bank_is_blank(m, bank) ? SPWF_OK : SPWF_E_NV;
}

/* ---------------------------------------------------------------- heads and contents ---------- */

/* words 0 and 1 of the head; SPWF_E_ABSENT, and zeros, where none is whole. */
static int head_read(struct spwf *m, uint32_t offset, uint32_t words[3]) {
    int error = flash_read(m, offset, words, HEAD);
    if (error == 0 && words[2] != crc32(words, 8)) {
        error = SPWF_E_ABSENT;
    }
    if (error != 0) {
        memset(words, 0, HEAD);
    }
    return error;
}

static int head_write(struct spwf *m, uint32_t offset, uint32_t first, uint32_t second) {
    uint32_t words[UNIT_MAX / 4] = {first, second, 0, 0xFFFFFFFFu};

    words[2] = crc32(words, 8);
    return flash_program(m, offset, words, round_up(m, HEAD));
}

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
    uint32_t to = offset + round_up(m, HEAD);
    int error = 0;

    for (uint32_t done = 0; error == 0 && done < from->len; done += CHUNK) {
        uint32_t n = from->len - done < CHUNK ? from->len - done : CHUNK;
        memset(chunk, 0xFF, sizeof chunk);
        if (from->data != NULL) {
            memcpy(chunk, from->data + done, n);
        } else {
            error = flash_read(m, from->offset + done, chunk, n);
        }
        if (error == 0) {
            error = flash_program(m, to + done, chunk, round_up(m, n));
        }
    }
    spwf_wipe(chunk, sizeof chunk);
    return error != 0 ? error : head_write(m, offset, key << 16 | from->len, from->crc);
}

/* The content of a record that is there. */
static struct content stored(const struct spwf *m, uint32_t key) {
    uint32_t start = m->store.bank * bank_size(m) + m->store.at[key] + round_up(m, HEAD);

    return (struct content){.offset = start, .len = m->store.length[key], .crc = m->store.crc[key]};
}

static bool record_equals(struct spwf *m, enum spwf_record key, const struct content *other) {
    uint8_t chunk[CHUNK];
    struct content here = stored(m, key);
    bool same = m->store.at[key] != 0 && here.len == other->len;

    for (uint32_t done = 0; same && done < here.len; done += CHUNK) {
        uint32_t n = here.len - done < CHUNK ? here.len - done : CHUNK;
        same = flash_read(m, here.offset + done, chunk, n) == 0 &&
               memcmp(chunk, other->data + done, n) == 0;
    }
    spwf_wipe(chunk, sizeof chunk);
    return same;
}

/* ---------------------------------------------------------------- changes --------------------- */

/* Programs a record behind the last one of a bank and enters it in `next`, the view of that bank. */
static int append(struct spwf *m, struct spwf_store *next, uint32_t key,
                  const struct content *from) {
    int error = record_program(m, next->bank * bank_size(m) + next->end, key, from);
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
    int error = 0;

    for (uint32_t k = 0; error == 0 && k < SPWF_RECORDS; k++) {
        if (m->store.at[k] != 0 && (drop & 1u << k) == 0) {
            struct content kept =
                stored(m, k); /* with its CRC: damage is not made good by a copy */
            error = append(m, next, k, &kept);
        }
    }
    if (error == 0 && added != NULL) {
        error = append(m, next, key, added);
    }
    if (error == 0) {
        error = head_write(m, next->bank * bank_size(m), MAGIC, next->sequence);
    }
    return error;
}

/* Moves to the other bank without the records in `drop`, with the new one; erases the old bank. */
static int rewrite(struct spwf *m, uint32_t drop, uint32_t key, const struct content *added) {
    struct spwf_store *store = &m->store;
    struct spwf_store next = {.mounted = true,
                              .bank = !store->bank,
                              .sequence = store->sequence + 1,
                              .end = round_up(m, HEAD)};
    int error = store->clean ? 0 : bank_erase(m, next.bank);

    store->clean = false; /* until all of this has succeeded */
    if (error == 0) {
        error = fill(m, &next, drop, key, added);
    }
    if (error == 0) {
        *store = next;
        error = bank_erase(m, !store->bank);
        store->clean = error == 0;
    }
    return error;
}

/* Whether the records that stay leave room for `more` bytes in a fresh bank. */
static bool fits(const struct spwf *m, uint32_t drop, uint32_t more) {
    uint32_t total = round_up(m, HEAD) + more;

    for (uint32_t k = 0; k < SPWF_RECORDS; k++) {
        if (m->store.at[k] != 0 && (drop & 1u << k) == 0) {
            total += record_size(m, m->store.length[k]);
        }
    }
    return total <= bank_size(m);
}

/* ---------------------------------------------------------------- mount ----------------------- */

static bool geometry_holds(const struct spwf_nv_port *nv) {
    bool unit = nv->unit >= 1 && nv->unit <= UNIT_MAX && (nv->unit & (nv->unit - 1)) == 0;
    uint64_t total = (uint64_t)nv->page_size * nv->pages;

    return unit && nv->page_size % CHUNK == 0 && nv->pages % 2 == 0 && total / 2 >= BANK_MIN &&
           total <= INT32_MAX;
}

/* Enters the whole records of the bank; whatever follows them was never finished. */
static int scan(struct spwf *m) {
    struct spwf_store *store = &m->store;
    uint32_t size = bank_size(m), at = round_up(m, HEAD), words[3];
    int error = 0;

    while (error == 0 && size - at >= HEAD) {
        error = head_read(m, store->bank * size + at, words);
        uint32_t key = words[0] >> 16, len = words[0] & 0xFFFFu;
        if (key == 0 || key >= SPWF_RECORDS || record_size(m, len) > size - at) {
            break;
        }
        store->at[key] = at;
        store->length[key] = (uint16_t)len;
        store->crc[key] = words[1];
        at += record_size(m, len);
    }
    return error == SPWF_E_NV ? error : SPWF_OK;
}

int spwf_store_mount(struct spwf *m) {
    struct spwf_store *store = &m->store;
    uint32_t words[2][3];
    bool valid[2];

    memset(store, 0, sizeof *store);
    if (nv_of(m) == NULL) {
        return SPWF_E_ABSENT;
    }
    if (!geometry_holds(nv_of(m))) {
        return SPWF_E_NV;
    }
    for (uint32_t bank = 0; bank < 2; bank++) {
        if (head_read(m, bank * bank_size(m), words[bank]) == SPWF_E_NV) {
            return SPWF_E_NV;
        }
        valid[bank] = words[bank][0] == MAGIC;
    }
    if (!valid[0] && !valid[1]) {
        store->mounted = true; /* blank or garbage: empty, and the first change erases both banks */
        return SPWF_OK;
    }
    /* The difference, not the order: a sequence may wrap. */
    store->bank = !valid[0] || (valid[1] && (int32_t)(words[1][1] - words[0][1]) > 0);
    store->sequence = words[store->bank][1];
    store->mounted = scan(m) == 0;
    if (!store->mounted) {
        return SPWF_E_NV;
    }
    /* The power may have failed before the old bank, and the key in it, was erased. */
    return bank_is_blank(m, !store->bank) ? SPWF_OK : bank_erase(m, !store->bank);
}

/* ---------------------------------------------------------------- records --------------------- */

static int usable(const struct spwf *m) {
    if (nv_of(m) == NULL) {
        return SPWF_E_ABSENT;
    }
    return m->store.mounted ? SPWF_OK : SPWF_E_NV;
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
    if (flash_read(m, here.offset, data, here.len) != 0 || crc32(data, here.len) != here.crc) {
        spwf_wipe(data, size);
        return SPWF_E_NV;
    }
    return len;
}

int spwf_store_write(struct spwf *m, enum spwf_record key, const void *data, size_t len) {
    int error = usable(m);
    if (error != 0) {
        return error;
    }
    if (len > UINT16_MAX || !fits(m, 1u << key, record_size(m, (uint32_t)len))) {
        return SPWF_E_NO_ROOM;
    }
    struct content from = {.data = data, .len = (uint32_t)len, .crc = crc32(data, len)};
    if (key != SPWF_RECORD_KEY && record_equals(m, key, &from)) {
        return SPWF_OK; /* an AT&W at every boot wears nothing */
    }
    bool lingers = key == SPWF_RECORD_KEY && m->store.at[key] != 0;
    if (!m->store.clean || lingers || record_size(m, from.len) > bank_size(m) - m->store.end) {
        return rewrite(m, 1u << key, key, &from);
    }
    error = append(m, &m->store, key, &from);
    m->store.clean = error == 0;
    return error;
}

int spwf_store_remove(struct spwf *m, uint32_t keys) {
    int error = usable(m);
    if (error != 0) {
        return error;
    }
    bool present = false;
    for (uint32_t k = 0; k < SPWF_RECORDS; k++) {
        present = present || (m->store.at[k] != 0 && (keys & 1u << k) != 0);
    }
    /* Where none is there but the bank is not clean, the remains of one may be. */
    return present || !m->store.clean ? rewrite(m, keys, 0, NULL) : SPWF_OK;
}
