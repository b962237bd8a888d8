/*
 * fake_port.h - a port in memory for the C tests: a clock that the test sets, seeded entropy, a heap
 * that counts and can fail, and a flash that ends the program when it is used as no flash may be.
 * The groups net, resolve, link, stage and pins are NULL; a test that wants one puts it in.
 */
#ifndef FAKE_PORT_H
#define FAKE_PORT_H

#include "spwf.h"

/* What a program() or erase() has reached when the power fails inside it. */
enum fake_tear {
    FAKE_TEAR_NOTHING, /* reads as before, yet may not be programmed without an erase */
    FAKE_TEAR_HALF,    /* the first half of it is done */
    FAKE_TEAR_BITS,    /* some of its bits have changed, others have not */
    FAKE_TEAR_GARBAGE, /* anything at all */
    FAKE_TEAR_ALL,     /* it was done, and nothing after it */
    FAKE_TEARS
};

struct fake_flash {
    uint8_t *bytes;
    uint8_t *used; /* per byte, 0 or 1: programmed since its erase, or nobody knows */
    uint32_t size;
    uint32_t operations; /* program() and erase() calls since power-on */
    uint32_t cut_at;     /* the power fails inside this one (1 is the first); 0: never */
    enum fake_tear tear;
    bool dead;                      /* the power has failed: nothing works until fake_power_on() */
    uint32_t refuse_at;             /* this operation is refused without effect; 0: none */
    uint32_t refuse_read_at, reads; /* likewise */
    uint32_t stuck_at; /* offset of a worn byte that nothing changes any more; 0: none */
};

struct fake {
    struct spwf_port port; /* &fake.port with the fake as ctx */
    struct spwf_nv_port nv;
    uint64_t millis; /* what the clock says */
    uint32_t random; /* state of entropy(); set it to seed */
    struct fake_flash flash;
    uint32_t allocations;   /* alloc() calls so far */
    uint32_t fail_alloc_at; /* this one (1 is the first) and no other returns NULL; 0: none */
    size_t live_bytes, live_blocks, peak_bytes;
    bool dirty_release; /* a block was released with something but zeros in it */
};

/* An erased flash of pages * page_size bytes; pages 0: no nv. Ends the program without memory. */
void fake_init(struct fake *f, uint32_t page_size, uint32_t pages, uint32_t unit);
void fake_free(struct fake *f); /* ends the program where a block of the heap was not released */

/* Power returns to the flash: it works, and operations and reads count from 0 without faults. */
void fake_power_on(struct fake *f);

/* A struct spwf_config that uses the fake, everything else zero. */
struct spwf_config fake_config(struct fake *f);

/* The same numbers for the same seed, everywhere; *state must not be 0. */
uint32_t fake_random(uint32_t *state);

/* The flash as it is, to be put back later; as large as flash.size for each. */
void fake_flash_save(const struct fake *f, uint8_t *bytes, uint8_t *used);
void fake_flash_load(struct fake *f, const uint8_t *bytes, const uint8_t *used);

#endif
