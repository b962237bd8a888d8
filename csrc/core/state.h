/*
 * state.h - what a module is made of. Complete so that a caller can place a struct spwf anywhere;
 * "complete but not yours to read": only csrc/core uses the fields. Included by spwf.h alone.
 *
 * One part per file: a part is written only by the functions of the file that it is named after.
 */
#ifndef SPWF_STATE_H
#define SPWF_STATE_H

enum {
    SPWF_LINE_MAX = 512,    /* command line without its CR [at-ref 2.2] */
    SPWF_INPUT_SIZE = 512,  /* bytes from the host that no command has taken yet; a power of two */
    SPWF_OUTPUT_SIZE = 1024, /* bytes for the host; a power of two, holds the longest single line */
    SPWF_WINDS = 32,        /* indications held back [design: at least 16] */
    SPWF_SETTINGS_SIZE = 960 /* all values of the table in config.c */
};

struct spwf;
struct spwf_tls;
struct spwf_request;

/* What a command that must wait leaves behind: called at each poll until it returns anything but
 * SPWF_LATER (inner.h). */
typedef int spwf_await(struct spwf *m);

struct spwf_ring {
    uint16_t head, used; /* oldest byte, bytes in use */
};

struct spwf_line { /* line.c */
    uint8_t state;
    bool skip_lf;      /* a LF right after a CR between commands is skipped */
    bool overlong;
    uint16_t length;
    char text[SPWF_LINE_MAX + 1];
};

struct spwf_job { /* module.c: the command in hand */
    spwf_await *await;    /* NULL: none */
    uint32_t wanted;      /* declared size of the body */
    uint32_t taken;       /* bytes of it that have come */
    int verdict;          /* what to answer once the body is swallowed */
    uint64_t reply_at;    /* ms: not to be answered before */
    uint16_t row;         /* progress of a long reply */
    uint8_t slot;         /* TLS file or socket that the command is about */
    bool swallow, leading;
};

struct spwf_wind_entry {
    uint8_t number, id;
    uint16_t extra;
    uint32_t value;
};

struct spwf_wind { /* wind.c */
    uint8_t used;
    struct spwf_wind_entry queue[SPWF_WINDS];
};

struct spwf_boot_state { /* module.c */
    uint8_t stage, why;
    uint64_t next_at;
};

struct spwf_clock { /* clock.c */
    bool set;
    uint64_t seconds, set_at; /* UTC at the moment set_at (ms) */
};

struct spwf_wifi { /* wifi.c */
    uint8_t shown;   /* how far the indications have told of the join */
    uint8_t refusals;
    bool up;
    uint64_t next_at;
    struct spwf_link_info link;
};

struct spwf_socket { /* sockets.c */
    uint8_t kind;        /* 0 free, else 't' or 's' */
    uint8_t phase;
    bool indicate, told_closed;
    uint8_t outstanding;  /* WIND 55 since the last SOCKR, secure sockets */
    uint16_t unannounced; /* records that had no WIND 55 because four were outstanding */
    uint32_t announced;   /* bytes that WIND 55 has told of, plain sockets */
};

struct spwf_opening { /* sockets.c: the SOCKON in hand */
    uint8_t id;
    struct spwf_addr to;
    uint64_t deadline;
    char host[SPWF_NAME_MAX + 1];
};

struct spwf_store { /* store.c */
    bool mounted;
    uint8_t bank;
    uint32_t end, sequence;
};

struct spwf_certs { /* certs.c: the RAM twins of the TLS files; memory from port->alloc */
    void *ram[4];
    uint16_t size[4];
};

struct spwf { /* order: small and hot first, buffers last */
    struct spwf_config config;
    struct spwf_job job;
    struct spwf_boot_state boot;
    struct spwf_clock clock;
    struct spwf_wifi wifi;
    struct spwf_store store;
    struct spwf_certs certs;
    struct spwf_opening opening;
    struct spwf_socket sockets[SPWF_SOCKETS];
    struct spwf_tls *tls; /* of the one secure socket; NULL: none */
    struct spwf_outcome outcome;
    struct spwf_wind wind;
    struct spwf_ring input, output;
    bool wants_reset;
    uint64_t started_at;
    struct spwf_line line;
    uint8_t settings[SPWF_SETTINGS_SIZE];
    uint8_t input_bytes[SPWF_INPUT_SIZE];
    uint8_t output_bytes[SPWF_OUTPUT_SIZE];
    uint8_t body[SPWF_BODY_MAX]; /* TLSCERT and secure SOCKW gather here; wiped after use */
};

/* 64 KB boards hold one of these beside lwIP and the TLS heap; pointers there have 4 bytes. */
_Static_assert(sizeof(void *) != 4 || sizeof(struct spwf) <= 10240, "struct spwf over 10 KB");

#endif
