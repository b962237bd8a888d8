/*
 * inner.h - the one private header of csrc/core: what its files offer each other.
 *
 *     bytes -> line -> at -> commands -> cmd_* -> services -> port
 *                                 |          config status store certs clock wifi sockets tls
 *                                 +-> reply <- wind          (sinks: the output queue)
 *
 * Calls go left to right only. A service knows nothing of AT: it returns an enum spwf_error or an
 * enum spwf_reason, and may post an indication. tests/core/test_layers.py holds this with nm.
 */
#ifndef SPWF_INNER_H
#define SPWF_INNER_H

#include <string.h>

#include "spwf.h"
#include "tls.h"

/* Failures that only the AT wire tells apart, after enum spwf_error; reply.c has their texts. */
enum spwf_reason {
    SPWF_R_COMMAND = -32,
    SPWF_R_MISSING = -33,
    SPWF_R_TOO_MANY = -34,
    SPWF_R_VARIABLE = -35,
    SPWF_R_SIZE = -36,
    SPWF_R_ZERO = -37,
    SPWF_R_DATETIME = -38,
    SPWF_R_CA_FILE = -39,
    SPWF_R_CERT_FILE = -40,
    SPWF_R_KEY_FILE = -41,
    SPWF_R_CONNECT = -42,
    SPWF_R_SOCKETS = -43,
    SPWF_R_SOCKET_ID = -44,
    SPWF_R_NOT_ENOUGH = -45,
    SPWF_R_PENDING = -46,
    SPWF_R_NO_IP = -47,
    SPWF_R_WRITE = -48,
    SPWF_R_NOT_CONNECTED = -49
};

/* From a handler or continuation beside success and failure: it waits, job.await goes on when the
 * world has moved; it did a step, job.await goes on at once; it is done and has no reply. */
enum { SPWF_LATER = 1, SPWF_AGAIN = 2, SPWF_SILENT = 3 };
enum { SPWF_BOOT_ENDING = 255 }; /* boot.stage: a reset was asked for, WIND 2 is on its way */

/* ---------------------------------------------------------------- at.c, commands.c ------------ */

enum { SPWF_ARGS = 6 };

struct spwf_argument {
    const char *text; /* in the line buffer, NUL-terminated in place */
    size_t length;    /* an argument may hold any byte but CR */
};

struct spwf_command;
struct spwf_request {
    const struct spwf_command *command;
    int count;
    uint32_t body; /* bytes of data that follow the line */
    struct spwf_argument args[SPWF_ARGS];
};

struct spwf_command {
    const char *name; /* what follows "AT", upper case */
    uint8_t min, max; /* arguments; the last one takes the rest of the line where `rest` */
    bool rest;
    uint8_t body; /* index + 1 of the argument that declares a body; 0: none */
    int (*run)(struct spwf *m, const struct spwf_request *request);
    const char *usage; /* for AT+S.HELP: argument sketch */
    const char *help;
};
extern const struct spwf_command spwf_commands_table[];
extern const size_t spwf_commands_count;

const struct spwf_command *spwf_commands_find(const char *name, size_t length);

/* Splits m->line in place. 0, or why not. request->command is set as soon as the name is known. */
int spwf_at_parse(struct spwf *m, struct spwf_request *request);

/* ---------------------------------------------------------------- cmd_*.c handlers ------------ */

int spwf_cmd_general_attention(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_general_factory(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_general_view(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_general_write(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_general_cfun(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_general_help(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_general_gcfg(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_general_scfg(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_general_sts(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_general_settime(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_wifi_ssidtxt(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_tls_cert(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_tls_cert2(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_tls_domain(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_sockets_on(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_sockets_write(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_sockets_query(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_sockets_read(struct spwf *m, const struct spwf_request *request);
int spwf_cmd_sockets_close(struct spwf *m, const struct spwf_request *request);

/* ---------------------------------------------------------------- text.c ---------------------- */

/* Decimal, leading blanks allowed; 0x... too where `hex`. SPWF_E_ARGUMENT where it is none. */
int spwf_text_number(const struct spwf_argument *a, bool hex, uint64_t max, uint64_t *value);
bool spwf_text_is(const struct spwf_argument *a, const char *word); /* without regard to case */
bool spwf_text_ip(const char *text, uint8_t ip[4]);                 /* dotted quad, whole string */

/* ---------------------------------------------------------------- module.c -------------------- */

uint64_t spwf_module_now(const struct spwf *m);                   /* port millis */
size_t spwf_module_take(struct spwf *m, void *data, size_t size); /* body bytes from the input */
void spwf_wipe(void *data, size_t size); /* memset that is never optimised away */

/* ---------------------------------------------------------------- line.c ---------------------- */

/* Feeds one byte; true when m->line holds a whole command line. */
bool spwf_line_push(struct spwf *m, uint8_t byte);
bool spwf_line_idle(const struct spwf *m); /* no 'A' that may begin a command has come */
void spwf_line_reset(struct spwf *m);

/* ---------------------------------------------------------------- reply.c --------------------- */

size_t spwf_reply_room(const struct spwf *m);
void spwf_reply_bytes(struct spwf *m, const void *data, size_t len);
void spwf_reply_text(struct spwf *m, const char *text);
void spwf_reply_decimal(struct spwf *m, uint64_t value, int digits); /* digits: least, with zeros */
void spwf_reply_hex(struct spwf *m, uint32_t value, int digits);
void spwf_reply_ip(struct spwf *m, const uint8_t ip[4]);
void spwf_reply_octets(struct spwf *m, const uint8_t *data, size_t len); /* xx:xx:.. */
void spwf_reply_ok(struct spwf *m);
void spwf_reply_error(struct spwf *m, int error);

/* ---------------------------------------------------------------- wind.c ---------------------- */

void spwf_wind_post(struct spwf *m, int number);
void spwf_wind_post_value(struct spwf *m, int number, int id, uint32_t value);
bool spwf_wind_has_room(const struct spwf *m); /* for what must not be dropped */
bool spwf_wind_drain(struct spwf *m);          /* writes one; false: none, or no room for it */

/* ---------------------------------------------------------------- config.c -------------------- */

enum spwf_type { SPWF_INT, SPWF_SIGNED, SPWF_MASK, SPWF_OCTETS, SPWF_TEXT, SPWF_IP };

struct spwf_variable {
    const char *name;    /* "": the module's own, not for the wire */
    uint8_t type;        /* enum spwf_type */
    uint8_t size;        /* bytes of the value (TEXT: with its NUL) */
    bool transient;      /* AT&W does not save it */
    uint16_t offset;     /* in struct spwf_settings */
    uint32_t min, max;   /* of INT */
    const char *factory; /* as AT+S.SCFG would give it */
};

size_t spwf_config_count(void);
const struct spwf_variable *spwf_config_variable(size_t i);
const struct spwf_variable *spwf_config_find(const char *name); /* NULL: none */
void spwf_config_factory(struct spwf *m);
void spwf_config_load(struct spwf *m); /* factory values, then what AT&W saved */
int spwf_config_save(struct spwf *m);  /* uses m->body */
int spwf_config_set(struct spwf *m, const struct spwf_variable *v, const char *text, size_t length);
int spwf_config_set_ssid(struct spwf *m, const char *text, size_t length);
void spwf_config_print(struct spwf *m, const struct spwf_variable *v); /* the value only */

/* ---------------------------------------------------------------- status.c -------------------- */

size_t spwf_status_count(void);
const char *spwf_status_name(size_t i);
int spwf_status_find(const char *name); /* index or SPWF_R_VARIABLE */
void spwf_status_print(struct spwf *m, size_t i);

/* ---------------------------------------------------------------- flash.c --------------------- */

/* Records over raw flash, whole at any loss of power: a write is old or new, never between. */
enum { SPWF_FLASH_CHUNK = 32 }; /* bytes programmed at a time, at most; a multiple of any unit */

/* 0; SPWF_E_ABSENT: the port has none; SPWF_E_NV: it is not as spwf.h wants it. */
int spwf_flash_check(const struct spwf *m);
uint32_t spwf_flash_bank_size(const struct spwf *m);
uint32_t spwf_flash_round_up(const struct spwf *m, uint32_t len); /* to whole units */
uint32_t spwf_flash_head_size(const struct spwf *m);
uint32_t spwf_flash_crc(const void *data, size_t len);
int spwf_flash_read(struct spwf *m, uint32_t offset, void *data, size_t len);
int spwf_flash_program(struct spwf *m, uint32_t offset, const void *data, uint32_t len);
bool spwf_flash_is_blank(struct spwf *m, uint8_t bank);
int spwf_flash_erase(struct spwf *m, uint8_t bank);
/* words 0 and 1 of the head; SPWF_E_ABSENT, and zeros, where none is whole. */
int spwf_flash_read_head(struct spwf *m, uint32_t offset, uint32_t words[3]);
int spwf_flash_write_head(struct spwf *m, uint32_t offset, uint32_t first, uint32_t second);

/* ---------------------------------------------------------------- store.c --------------------- */

enum spwf_record {
    SPWF_RECORD_CONFIG = 1,
    SPWF_RECORD_CA = 2,
    SPWF_RECORD_CERT = 3,
    SPWF_RECORD_KEY = 4,
    SPWF_RECORD_DOMAIN = 5,
    SPWF_RECORDS = 6
};

/* Finds the newest whole state. SPWF_E_NV, here and from all below, where there is none although
 * something was stored: until all TLS files are removed at once, which gives up the settings too. */
int spwf_store_mount(struct spwf *m);
int spwf_store_size(struct spwf *m, enum spwf_record key); /* bytes; SPWF_E_ABSENT where none */
/* Copies the record into data[size]; its length, SPWF_E_ABSENT, SPWF_E_NO_ROOM or SPWF_E_NV. */
int spwf_store_read(struct spwf *m, enum spwf_record key, void *data, size_t size);
/* Replaces it. A former content that holds secrets is erased from the flash, not only unlinked. */
int spwf_store_write(struct spwf *m, enum spwf_record key, const void *data, size_t len);
/* Removes the records whose bits (1 << key) are set, in one step; what was there is erased. */
int spwf_store_remove(struct spwf *m, uint32_t keys);

/* ---------------------------------------------------------------- certs.c --------------------- */

enum spwf_slot { SPWF_SLOT_CA, SPWF_SLOT_CERT, SPWF_SLOT_KEY, SPWF_SLOT_DOMAIN, SPWF_SLOTS };

/* Sizes in bytes. `flash` false: the RAM twin, which comes first where both exist [note 3.3]. */
int spwf_certs_put(struct spwf *m, enum spwf_slot slot, bool flash, const void *data, size_t len);
/* Whether it would fit. */
int spwf_certs_check(struct spwf *m, enum spwf_slot slot, bool flash, size_t len);
int spwf_certs_clean(struct spwf *m, uint32_t slots, bool flash); /* bits 1 << slot */
int spwf_certs_size(struct spwf *m, enum spwf_slot slot, bool flash);
/* The content that counts for the slot, in memory from port->alloc with a NUL behind it; *data is
 * NULL and 0 is returned where the slot is empty. Give it back with spwf_certs_release(). */
int spwf_certs_get(struct spwf *m, enum spwf_slot slot, uint8_t **data);
void spwf_certs_release(struct spwf *m, uint8_t *data, size_t len); /* wipes */
void spwf_certs_forget(struct spwf *m);                             /* all RAM twins, at reset */

/* ---------------------------------------------------------------- clock.c --------------------- */

int spwf_clock_set(struct spwf *m, uint64_t seconds); /* once per reset [note 3.3] */
void spwf_clock_forget(struct spwf *m);               /* at a reset, but for that it was set */
uint64_t spwf_clock_now(const struct spwf *m); /* UTC seconds; since power-on where not set */

/* ---------------------------------------------------------------- wifi.c ---------------------- */

/* Takes the network that is wanted from the settings; what SCFG changes later acts after a reset. */
void spwf_wifi_load(struct spwf *m);
void spwf_wifi_start(struct spwf *m);
void spwf_wifi_stop(struct spwf *m);
bool spwf_wifi_poll(struct spwf *m); /* true: something happened */
bool spwf_wifi_up(const struct spwf *m);
uint64_t spwf_wifi_pace(const struct spwf *m);     /* ms at which its next indication is due */
uint64_t spwf_wifi_deadline(const struct spwf *m); /* ms at which the port is asked again */
int spwf_wifi_state(const struct spwf *m);         /* wifi_state of AT+S.STS [at-ref 7] */

/* ---------------------------------------------------------------- opening.c ------------------- */

/* Starts to open a socket; it goes on in spwf_opening_advance(). 0, or why not. */
int spwf_opening_start(struct spwf *m, const char *host, uint16_t port, bool secure, bool indicate);
int spwf_opening_advance(struct spwf *m);             /* LATER, AGAIN, 0: m->opening.id is open */
uint64_t spwf_opening_deadline(const struct spwf *m); /* ms; UINT64_MAX */
void spwf_opening_abort(struct spwf *m);              /* at reset */

/* ---------------------------------------------------------------- sockets.c ------------------- */

int spwf_sockets_find_free(const struct spwf *m, bool secure); /* its id, or SPWF_R_SOCKETS */
void spwf_sockets_take(struct spwf *m, int id, bool secure, bool indicate);
void spwf_sockets_opened(struct spwf *m, int id);
void spwf_sockets_release(struct spwf *m, int id); /* the place; the connection is the caller's */
int spwf_sockets_info(struct spwf *m, int id, struct spwf_net_info *out);
bool spwf_sockets_exists(const struct spwf *m, uint64_t id);
bool spwf_sockets_secure(const struct spwf *m, int id);
/* Takes in one record or looks for bytes; true: there was something. */
bool spwf_sockets_pump(struct spwf *m, int id);
size_t spwf_sockets_readable(struct spwf *m, int id); /* bytes, at most SPWF_BODY_MAX */
/* All of size, or an error. */
int spwf_sockets_read(struct spwf *m, int id, void *data, size_t size);
/* Bytes; 0: not now. */
int spwf_sockets_write(struct spwf *m, int id, const void *data, size_t len);
int spwf_sockets_stalled(struct spwf *m, int id); /* gives up a write: the error to answer */
int spwf_sockets_close(struct spwf *m, int id);
void spwf_sockets_abort(struct spwf *m); /* all of them, at reset */
bool spwf_sockets_poll(struct spwf *m);
uint32_t spwf_sockets_open_mask(const struct spwf *m);

#endif
