/*
 * options.c - options.h. Called by main.c; asks semihosting.c. The texts stay where they came, in one
 * buffer, and are taken apart in place.
 */
#include "options.h"

#include <string.h>

#include "cm3/semihosting.h"

enum { LINE = 1024 };

struct options options;

/* ------------------------------------------------------------------ values -------------------- */

static int digit(char c) {
    const char *digits = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

/* %XX in place. */
static bool unescape(char *text) {
    char *out = text;
    while (*text != '\0') {
        if (*text == '%') {
            int high = digit(text[1]), low = high < 0 ? -1 : digit(text[2]);
            if (low < 0) {
                return false;
            }
            *out++ = (char)(high << 4 | low);
            text += 3;
        } else {
            *out++ = *text++;
        }
    }
    *out = '\0';
    return true;
}

/* Decimal up to `most`; *end is behind it. false where there is none. */
static bool number(const char *text, uint32_t most, uint32_t *value, const char **end) {
    uint32_t n = 0;
    *end = text;
    while (**end >= '0' && **end <= '9' && n <= most) {
        n = n * 10 + (uint32_t)(*(*end)++ - '0');
    }
    *value = n;
    return *end != text && n <= most;
}

bool options_address(const char *text, uint8_t ip[4]) {
    for (int i = 0; i < 4; i++) {
        uint32_t byte;
        if (!number(text, 255, &byte, &text) || *text != (i < 3 ? '.' : '\0')) {
            return false;
        }
        ip[i] = (uint8_t)byte;
        text++;
    }
    return true;
}

/* Cuts NAME:PORT into its two. */
static bool split_port(char *text, uint16_t *port) {
    char *colon = strrchr(text, ':');
    const char *end;
    uint32_t value;
    if (colon == NULL || !number(colon + 1, 65535, &value, &end) || *end != '\0' || value == 0) {
        return false;
    }
    *colon = '\0';
    *port = (uint16_t)value;
    return unescape(text);
}

/* ------------------------------------------------------------------ options ------------------- */

static bool read_seed(char *value) {
    size_t len = strlen(value);
    uint8_t *bytes = (uint8_t *)value;
    for (size_t i = 0; i < len / 2; i++) {
        int high = digit(value[2 * i]), low = digit(value[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    spwf_sequence_start(&options.sequence, bytes, len / 2);
    options.seeded = true;
    return len % 2 == 0;
}

static bool read_nv(char *value) {
    options.nv = value;
    return unescape(value);
}

static bool read_cut(char *value) {
    const char *end;
    return number(value, 1000000000, &options.cut, &end) && *end == '\0';
}

static bool read_heap(char *value) {
    const char *end;
    return number(value, 1000000000, &options.heap, &end) && *end == '\0' && options.heap > 0;
}

static bool read_timeout(char *value) {
    const char *end;
    uint32_t seconds;
    if (!number(value, 65535, &seconds, &end)) {
        return false;
    }
    if (*end == '.') { /* whole seconds, rounded up, as on the host */
        uint32_t fraction;
        if (!number(end + 1, 999999999, &fraction, &end)) {
            return false;
        }
        seconds += fraction > 0;
    }
    options.config.tls_timeout_s = (uint16_t)seconds;
    return *end == '\0' && seconds > 0;
}

/* A routed name has an address of 198.18.0.0/15, which belongs to nobody [RFC 2544]. */
static void give_address(struct option_route *route) {
    size_t n = options.routes + 1;
    memcpy(route->from.ip, (const uint8_t[]){198, 18, 0, (uint8_t)n}, 4);
    for (size_t i = 0; i < options.routes; i++) {
        if (strcmp(options.route[i].name, route->name) == 0) {
            memcpy(route->from.ip, options.route[i].from.ip, 4);
        }
    }
    (void)options_address(route->name, route->from.ip);
}

static bool read_route(char *value) {
    struct option_route *route = &options.route[options.routes];
    char *to = strchr(value, '=');
    if (to == NULL || options.routes == OPTION_ROUTES) {
        return false;
    }
    *to++ = '\0';
    route->name = value;
    if (!split_port(value, &route->from.port) || !split_port(to, &route->to.port) ||
        !options_address(to, route->to.ip)) {
        return false;
    }
    give_address(route);
    options.routes++;
    return true;
}

static bool read_point(char *value) {
    struct access_point *point = &options.point[options.points];
    char *passphrase = strchr(value, ':');
    if (passphrase != NULL) {
        *passphrase++ = '\0';
    } else {
        passphrase = value + strlen(value);
    }
    if (options.points == OPTION_POINTS || !unescape(value) || !unescape(passphrase) ||
        strlen(value) >= sizeof point->ssid || strlen(passphrase) >= sizeof point->passphrase) {
        return false;
    }
    strcpy(point->ssid, value);
    strcpy(point->passphrase, passphrase);
    options.points++;
    return true;
}

/* Options that are one of two words. */
static const struct {
    const char *name, *off, *on;
    bool *flag;
} switches[] = {
    {"pace", "real", "fast", &options.fast},
    {"limits", "note", "off", &options.config.limits_off},
    {"sni", "0", "1", &options.config.sni},
    {"prng", "drbg", "rc4", &options.config.rc4_prng},
    {"echo", "0", "1", &options.config.echo},
    {"settime", "once", "lenient", &options.config.settime_lenient},
    {"keylog", "0", "1", &options.keylog},
};

static const struct {
    const char *name;
    uint16_t version;
} versions[] = {
    {"ssl3", SPWF_SSL3},
    {"tls1", SPWF_TLS1},
    {"tls1.1", SPWF_TLS1_1},
    {"tls1.2", SPWF_TLS1_2},
};

static bool read_version(char *value) {
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        if (strcmp(versions[i].name, value) == 0) {
            options.config.min_version = versions[i].version;
            return true;
        }
    }
    return false;
}

static const struct {
    const char *name;
    bool (*read)(char *value);
} readers[] = {
    {"seed", read_seed},           {"nv", read_nv},     {"cut", read_cut},
    {"timeout", read_timeout},     {"ap", read_point},  {"route", read_route},
    {"min_version", read_version}, {"heap", read_heap},
};

static bool read_option(const char *name, char *value) {
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (strcmp(readers[i].name, name) == 0) {
            return readers[i].read(value);
        }
    }
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        if (strcmp(switches[i].name, name) == 0) {
            *switches[i].flag = strcmp(switches[i].on, value) == 0;
            return *switches[i].flag || strcmp(switches[i].off, value) == 0;
        }
    }
    return false;
}

_Noreturn static void refuse(const char *name) {
    semihosting_say("spwf: this option is not understood, see firmware/options.h: ");
    semihosting_say(name);
    semihosting_say("\n");
    semihosting_exit(2);
}

void options_read(void) {
    static char line[LINE];
    if (!semihosting_present()) {
        return;
    }
    if (!semihosting_command_line(line, sizeof line)) {
        refuse("more than 1023 bytes of them");
    }
    for (char *word = line, *next; word != NULL; word = next) {
        next = strchr(word, ' ');
        if (next != NULL) {
            *next++ = '\0';
        }
        char *value = strchr(word, '=');
        if (value != NULL) {
            *value++ = '\0';
            if (!read_option(word, value)) {
                refuse(word);
            }
        }
    }
}
