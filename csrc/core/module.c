/*
 * module.c - the public API: power, input, poll, output [design 2, 4]. Coordination only: the line
 * goes to at.c, the request to its handler, and what the handler leaves behind is carried on here
 * until it is answered. Rule 7 of [at-ref 1] is kept in one place, may_indicate().
 */
#include "inner.h"

enum {
    REPLY_PACE_MS = 4, /* between CR and reply: no module answers in zero time [at-ref 1.18] */
    ROOM = 384         /* free output that a step of a command may count on */
};

/* The boot sequence [at-ref 8]; 46 only where a new passphrase was saved. */
static const struct {
    uint8_t wind;
    uint16_t delay_ms; /* before it */
} boot_steps[] = {{1, 20}, {13, 5}, {3, 5}, {0, 20}, {46, 20}, {32, 100}};

enum { BOOT_STEPS = sizeof boot_steps / sizeof boot_steps[0], CONSOLE = 4 };

uint64_t spwf_module_now(const struct spwf *m) {
    return m->config.port->millis(m->config.ctx);
}

/* The compiler may not guess which function this is, and so not leave the call out. */
void spwf_wipe(void *data, size_t size) {
    void *(*volatile set)(void *, int, size_t) = memset;
    (void)set(data, 0, size);
}

/* ------------------------------------------------------------------ input and output ---------- */

size_t spwf_input(struct spwf *m, const void *data, size_t len) {
    size_t room = (size_t)SPWF_INPUT_SIZE - m->input.used;
    size_t n = len < room ? len : room;
    size_t tail = (m->input.head + (size_t)m->input.used) % SPWF_INPUT_SIZE;
    size_t first = SPWF_INPUT_SIZE - tail < n ? SPWF_INPUT_SIZE - tail : n;
    memcpy(m->input_bytes + tail, data, first);
    memcpy(m->input_bytes, (const uint8_t *)data + first, n - first);
    m->input.used = (uint16_t)(m->input.used + n);
    return n;
}

/* Drops the n oldest of a ring's `size` bytes and wipes their places: keys and passphrases pass through
 * the input, a peer's data and the echo of a passphrase through the output. */
static void drop(struct spwf_ring *ring, uint8_t *bytes, size_t size, size_t n) {
    size_t to_edge = size - ring->head;
    size_t first = to_edge < n ? to_edge : n;
    spwf_wipe(bytes + ring->head, first);
    spwf_wipe(bytes, n - first);
    ring->head = (uint16_t)((ring->head + n) % size);
    ring->used = (uint16_t)(ring->used - n);
}

static size_t take_input(struct spwf *m, uint8_t *data, size_t size) {
    size_t n = size < m->input.used ? size : m->input.used;
    size_t to_edge = (size_t)SPWF_INPUT_SIZE - m->input.head;
    size_t first = to_edge < n ? to_edge : n;
    memcpy(data, m->input_bytes + m->input.head, first);
    memcpy(data + first, m->input_bytes, n - first);
    drop(&m->input, m->input_bytes, SPWF_INPUT_SIZE, n);
    return n;
}

size_t spwf_module_take(struct spwf *m, void *data, size_t size) {
    size_t left = m->job.wanted - m->job.taken;
    size_t n = take_input(m, data, size < left ? size : left);
    m->job.taken += (uint32_t)n;
    return n;
}

const void *spwf_output(const struct spwf *m, size_t *len) {
    size_t to_edge = (size_t)SPWF_OUTPUT_SIZE - m->output.head;
    *len = m->output.used < to_edge ? m->output.used : to_edge;
    return m->output_bytes + m->output.head;
}

void spwf_output_ack(struct spwf *m, size_t len) {
    size_t n = len < m->output.used ? len : m->output.used;
    drop(&m->output, m->output_bytes, SPWF_OUTPUT_SIZE, n);
}

/* ------------------------------------------------------------------ power --------------------- */

/* The boot after a new passphrase tells 46. That is noted here, where the settings are those of the
 * flash and no command has its data in the body, which saving needs. */
static void note_crunching(struct spwf *m) {
    m->boot.crunch = m->settings.psk_to_crunch != 0;
    if (m->boot.crunch) {
        m->settings.psk_to_crunch = 0;
        (void)spwf_config_save(m); /* else it is told again at the next boot */
    }
}

static void begin_boot(struct spwf *m, enum spwf_boot why) {
    memset(&m->boot, 0, sizeof m->boot);
    m->boot.why = (uint8_t)why;
    m->boot.next_at = spwf_module_now(m) + boot_steps[0].delay_ms;
    m->started_at = spwf_module_now(m);
    if (why == SPWF_BOOT_FAULT) {
        spwf_wind_post(m, 8);
    }
    (void)spwf_store_mount(m); /* without flash the factory settings hold */
    spwf_config_load(m);
    note_crunching(m);
    spwf_wifi_load(m);
    if (m->config.port->console != NULL) {
        (void)m->config.port->console(m->config.ctx, m->settings.console1_speed,
                                      m->settings.console1_hwfc != 0);
    }
}

/* All that a reset forgets; the bytes on the way in and out are the wire's and stay. */
static void forget(struct spwf *m) {
    spwf_opening_abort(m);
    spwf_sockets_abort(m);
    spwf_wifi_stop(m);
    spwf_certs_forget(m);
    spwf_clock_forget(m);
    spwf_line_reset(m);
    spwf_wipe(&m->settings, sizeof m->settings);
    spwf_wipe(m->body, sizeof m->body);
    memset(&m->job, 0, sizeof m->job);
    memset(&m->wind, 0, sizeof m->wind);
}

int spwf_init(struct spwf *m, const struct spwf_config *config) {
    const struct spwf_port *port = config->port;
    if (port == NULL || port->millis == NULL || port->alloc == NULL || port->release == NULL ||
        port->entropy == NULL) {
        return SPWF_E_ARGUMENT;
    }
    memset(m, 0, sizeof *m);
    m->config = *config;
    begin_boot(m, SPWF_BOOT_POWER);
    return SPWF_OK;
}

void spwf_restart(struct spwf *m, enum spwf_boot why) {
    forget(m);
    m->wants_reset = false;
    begin_boot(m, why);
}

void spwf_deinit(struct spwf *m) {
    forget(m);
    spwf_wipe(m, sizeof *m);
}

static bool command_in_hand(const struct spwf *m) {
    return m->job.pending || m->job.await != NULL;
}

static bool advance_boot(struct spwf *m) {
    struct spwf_boot_state *boot = &m->boot;
    if (boot->stage == SPWF_BOOT_ENDING) {
        m->wants_reset = m->wind.used == 0;
        return false;
    }
    if (boot->stage == BOOT_STEPS || spwf_module_now(m) < boot->next_at) {
        return false;
    }
    uint8_t wind = boot_steps[boot->stage++].wind;
    if (wind != 46 || boot->crunch) {
        spwf_wind_post(m, wind);
    }
    if (boot->stage == BOOT_STEPS) {
        spwf_wifi_start(m);
    } else {
        boot->next_at = spwf_module_now(m) + boot_steps[boot->stage].delay_ms;
    }
    return true;
}

/* ------------------------------------------------------------------ commands ------------------ */

static void echo(struct spwf *m, size_t before, uint8_t byte, bool complete) {
    if (m->settings.localecho1 == 0) {
        return;
    }
    if (before < 2 && m->line.length == 2) { /* AT: only now it is known to be a command */
        spwf_reply_bytes(m, m->line.text, 2);
    } else if (complete || before >= 2) {
        spwf_reply_bytes(m, &byte, 1);
    }
}

/* Feeds the line with what has come until a command is complete. Indications that wait go before a
 * new command, so that a host which pipelines cannot keep them back for ever. */
static bool read_line(struct spwf *m) {
    bool moved = false;
    if (spwf_line_idle(m) && m->wind.used > 0) {
        return false;
    }
    while (m->input.used > 0 && !m->job.pending && spwf_reply_room(m) >= ROOM) {
        uint8_t byte = 0;
        size_t before = spwf_line_idle(m) ? 0 : m->line.length;
        (void)take_input(m, &byte, 1);
        m->job.pending = spwf_line_push(m, byte);
        echo(m, before, byte, m->job.pending);
        moved = true;
    }
    if (m->job.pending) {
        m->job.run_at = spwf_module_now(m) + REPLY_PACE_MS;
    }
    return moved;
}

/* A refused command's data is consumed before the error is told, so that none of it is taken for
 * commands [design 10]. */
static int swallow(struct spwf *m) {
    size_t n = spwf_module_take(m, m->body, sizeof m->body);
    if (m->job.taken == m->job.wanted) {
        return m->job.verdict;
    }
    return n > 0 ? SPWF_AGAIN : SPWF_LATER;
}

static void conclude(struct spwf *m, int result) {
    struct spwf_job *job = &m->job;
    if (result < 0 && job->taken < job->wanted) {
        job->verdict = result;
        job->await = swallow;
        return;
    }
    if (result == SPWF_OK) {
        spwf_reply_ok(m);
    } else if (result < 0) {
        spwf_reply_error(m, result);
    }
    if (job->wanted > 0 || job->staged > 0) {
        spwf_wipe(m->body, sizeof m->body);
    }
    spwf_wipe(job, sizeof *job);
}

static int start_command(struct spwf *m) {
    struct spwf_request request;
    m->job = (struct spwf_job){.deadline = UINT64_MAX};
    int result = spwf_at_parse(m, &request);
    m->job.wanted = request.body;
    if (result == SPWF_OK) {
        result = request.command->run(m, &request);
    }
    spwf_line_reset(m);
    return result;
}

static bool advance_command(struct spwf *m) {
    struct spwf_job *job = &m->job;
    if (m->boot.stage < CONSOLE || m->boot.stage == SPWF_BOOT_ENDING) {
        return false; /* what comes before the console is active waits */
    }
    if (!command_in_hand(m)) {
        return read_line(m);
    }
    if (spwf_reply_room(m) < ROOM || (job->pending && spwf_module_now(m) < job->run_at)) {
        return false;
    }
    bool started = job->pending;
    int result = started ? start_command(m) : job->await(m);
    if (result != SPWF_LATER && result != SPWF_AGAIN) {
        conclude(m, result);
    }
    return started || result != SPWF_LATER;
}

/* No indication between the first A of a command and the end of its reply [at-ref 1.7]. */
static bool may_indicate(const struct spwf *m) {
    return !command_in_hand(m) && spwf_line_idle(m);
}

unsigned spwf_poll(struct spwf *m) {
    bool busy = false;
    if (!m->wants_reset) {
        busy = advance_boot(m);
        busy |= spwf_wifi_poll(m);
        busy |= spwf_sockets_poll(m);
        busy |= advance_command(m);
        busy |= may_indicate(m) && spwf_wind_drain(m);
    }
    unsigned flags = busy ? SPWF_BUSY : 0;
    flags |= m->output.used > 0 ? SPWF_HAS_OUTPUT : 0;
    flags |= m->input.used < SPWF_INPUT_SIZE ? SPWF_HAS_ROOM : 0;
    flags |= m->wants_reset ? SPWF_WANTS_RESET : 0;
    flags |= m->job.await != NULL && m->job.taken == m->job.wanted ? SPWF_WAITS_WORLD : 0;
    return flags;
}

/* ------------------------------------------------------------------ what it waits for --------- */

static uint32_t until(uint64_t at, uint64_t now) {
    if (at == UINT64_MAX) {
        return SPWF_NEVER;
    }
    uint64_t left = at > now ? at - now : 0;
    return left < SPWF_NEVER ? (uint32_t)left : SPWF_NEVER - 1;
}

static uint64_t sooner(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

struct spwf_wait spwf_wait(const struct spwf *m) {
    uint64_t now = spwf_module_now(m);
    uint64_t pace = spwf_wifi_pace(m);
    if (m->boot.stage < BOOT_STEPS) {
        pace = sooner(pace, m->boot.next_at);
    }
    if (m->job.pending && spwf_reply_room(m) >= ROOM) {
        pace = sooner(pace, m->job.run_at);
    }
    uint64_t world = sooner(spwf_opening_deadline(m), spwf_wifi_deadline(m));
    if (m->job.await != NULL) {
        world = sooner(world, m->job.deadline);
    }
    return (struct spwf_wait){.pace_ms = until(pace, now), .world_ms = until(world, now)};
}

const struct spwf_outcome *spwf_outcome(const struct spwf *m) {
    return &m->outcome;
}

const char *spwf_strerror(int error) {
    static const char *const texts[] = {
        "success",
        "syntax error",
        "argument out of range",
        "not in this state",
        "no room",
        "name not resolved",
        "connection refused",
        "timed out",
        "network unreachable",
        "connection reset",
        "connection closed",
        "tls failed",
        "non-volatile memory failed",
        "not present",
    };
    int count = sizeof texts / sizeof texts[0];
    return error <= 0 && error > -count ? texts[-error] : "unknown error";
}
