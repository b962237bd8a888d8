/*
 * options.c - the arguments of Core() and the times that its methods take: what is allowed, and
 * what to say where it is not. Called by core.c and loop.c.
 */
#include "extension.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct choice {
    const char *name;
    int value;
};

struct option { /* one that has a few names for its values */
    const char *name, *given;
    const struct choice *choices;
    int value;
};

static const struct choice paces[] = {{"virtual", 1}, {"real", 0}, {0}};
static const struct choice networks[] = {
    {"posix", WORLD_POSIX}, {"memory", WORLD_MEMORY}, {"trickle", WORLD_TRICKLE}, {0}};
static const struct choice limits[] = {{"note", 0}, {"off", 1}, {0}};
static const struct choice generators[] = {{"drbg", 0}, {"rc4", 1}, {0}};
static const struct choice versions[] = {{"ssl3", SPWF_SSL3},
                                         {"tls1", SPWF_TLS1},
                                         {"tls1.1", SPWF_TLS1_1},
                                         {"tls1.2", SPWF_TLS1_2},
                                         {0}};
static const struct choice settimes[] = {{"once", 0}, {"lenient", 1}, {0}};

/* Fills `value`; false with a ValueError that lists what is allowed. */
static bool choose(struct option *option) {
    char allowed[96] = "";
    for (const struct choice *c = option->choices; c->name != NULL; c++) {
        if (strcmp(c->name, option->given) == 0) {
            option->value = c->value;
            return true;
        }
        strcat(strcat(allowed, c == option->choices ? "" : ", "), c->name);
    }
    PyErr_Format(PyExc_ValueError, "%s is '%s'; allowed: %s", option->name, option->given, allowed);
    return false;
}

/* UTF-8 of a str that fits `size` bytes with its NUL and holds none; false with an exception set.
 */
static bool copy_text(const char *what, PyObject *text, char *out, size_t size) {
    Py_ssize_t length;
    const char *utf8 = PyUnicode_AsUTF8AndSize(text, &length);
    if (utf8 == NULL) {
        return false;
    }
    if ((size_t)length >= size || strlen(utf8) != (size_t)length) {
        PyErr_Format(PyExc_ValueError, "%s %R: at most %zu bytes of UTF-8, without NUL", what, text,
                     size - 1);
        return false;
    }
    memcpy(out, utf8, (size_t)length + 1);
    return true;
}

static bool read_port(PyObject *number, uint16_t *port) {
    long value = PyLong_AsLong(number);
    if (value == -1 && PyErr_Occurred()) {
        return false;
    }
    if (value < 1 || value > 65535) {
        PyErr_Format(PyExc_ValueError, "a route's port is %ld; allowed: 1 to 65535", value);
        return false;
    }
    *port = (uint16_t)value;
    return true;
}

static bool read_route(PyObject *item, void *into) {
    struct route *route = into;
    PyObject *name, *port, *host, *to;
    if (!PyArg_ParseTuple(item, "UOUO;a route is (NAME, PORT, HOST, PORT)", &name, &port, &host,
                          &to) ||
        !copy_text("a route's name", name, route->name, sizeof route->name) ||
        !copy_text("a route's host", host, route->host, sizeof route->host) ||
        !read_port(port, &route->from.port) || !read_port(to, &route->port)) {
        return false;
    }
    if (route->name[0] == '\0' || route->host[0] == '\0' || strchr(route->host, ':') != NULL) {
        PyErr_Format(PyExc_ValueError, "route %R: NAME and HOST are names or IPv4 addresses", item);
        return false;
    }
    return true;
}

static bool read_point(PyObject *item, void *into) {
    struct access_point *point = into;
    PyObject *ssid, *passphrase;
    if (!PyArg_ParseTuple(item, "UU;an access point is (SSID, PASSPHRASE)", &ssid, &passphrase) ||
        !copy_text("an SSID", ssid, point->ssid, sizeof point->ssid) ||
        !copy_text("a passphrase", passphrase, point->passphrase, sizeof point->passphrase)) {
        return false;
    }
    size_t length = strlen(point->passphrase);
    if (point->ssid[0] == '\0' || (length > 0 && length < 8)) {
        PyErr_SetString(PyExc_ValueError,
                        "an access point has an SSID of 1 to 32 bytes and a passphrase "
                        "of 8 to 64, or \"\" where it is open");
        return false;
    }
    return true;
}

/* An array of what `read` makes of each item; NULL and *count 0 for an empty sequence. */
static int read_list(PyObject *sequence, size_t each, bool (*read)(PyObject *, void *), void *out,
                     size_t *count) {
    PyObject *list = PySequence_Tuple(sequence);
    if (list == NULL) {
        return -1;
    }
    Py_ssize_t n = PyTuple_Size(list);
    char *array = n > 0 ? calloc((size_t)n, each) : NULL;
    bool good = n == 0 || array != NULL;
    if (!good) {
        PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; good && i < n; i++) {
        PyObject *item = PyTuple_GetItem(list, i);
        good = PyTuple_Check(item) ||
               (PyErr_Format(PyExc_TypeError, "a tuple is wanted: %R", item), 0);
        good = good && read(item, array + (size_t)i * each);
    }
    Py_DECREF(list);
    if (!good) {
        free(array);
        return -1;
    }
    memcpy(out, &array, sizeof array);
    *count = (size_t)n;
    return 0;
}

void spwf_options_raise(int error, PyObject *text, PyObject *path) {
    PyObject *exception = text == NULL ? NULL
                          : path != NULL
                              ? PyObject_CallFunction(PyExc_OSError, "iOO", error, text, path)
                              : PyObject_CallFunction(PyExc_OSError, "iO", error, text);
    if (exception != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
        Py_DECREF(exception);
    }
    Py_XDECREF(text);
}

static void raise_nv(int error, PyObject *path) {
    if (error == EINVAL) {
        spwf_options_raise(error,
                           PyUnicode_FromFormat("not the flash of a module, which is a regular "
                                                "file of %d bytes",
                                                WORLD_NV_SIZE),
                           path);
    } else if (error == EWOULDBLOCK) {
        spwf_options_raise(error, PyUnicode_FromString("another module uses this file"), path);
    } else {
        errno = error;
        PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
    }
}

/* `nv` is None or a path. */
static bool open_host(struct core *self, struct lookup_pool *pool, const struct spwf_config *config,
                      PyObject *nv, enum world_network network) {
    PyObject *path = NULL;
    if (nv != Py_None && !PyUnicode_FSConverter(nv, &path)) {
        return false;
    }
    int error = spwf_host_open(&self->host, config, path != NULL ? PyBytes_AsString(path) : NULL,
                               network, pool);
    Py_XDECREF(path);
    self->process = getpid();
    if (error != 0) {
        raise_nv(error, nv);
    }
    return error == 0;
}

static bool read_lists(struct world *w, PyObject *routes, PyObject *aps) {
    if ((routes != NULL && read_list(routes, sizeof(struct route), read_route, &w->routes.list,
                                     &w->routes.count) != 0) ||
        (aps != NULL && read_list(aps, sizeof(struct access_point), read_point, &w->air.points,
                                  &w->air.count) != 0)) {
        return false;
    }
    spwf_routes_number(&w->routes);
    return true;
}

int spwf_options_open(struct core *self, struct lookup_pool *pool, PyObject *args,
                      PyObject *kwargs) {
    static char *names[] = {"nv",      "pace",   "seed",    "routes", "aps",
                            "network", "limits", "sni",     "prng",   "min_version",
                            "timeout", "echo",   "settime", "heap",   NULL};
    enum { PACE, NETWORK, LIMITS, PRNG, MIN_VERSION, SETTIME, OPTIONS };
    struct option options[OPTIONS] = {
        [PACE] = {"pace", "virtual", paces, 0},
        [NETWORK] = {"network", "posix", networks, 0},
        [LIMITS] = {"limits", "note", limits, 0},
        [PRNG] = {"prng", "drbg", generators, 0},
        [MIN_VERSION] = {"min_version", "ssl3", versions, 0},
        [SETTIME] = {"settime", "once", settimes, 0},
    };
    PyObject *nv = Py_None, *seed = Py_None, *routes = NULL, *aps = NULL;
    double timeout = 10.0;
    int sni = 0, echo = 0;
    Py_ssize_t heap = PY_SSIZE_T_MAX;
    if (!PyArg_ParseTupleAndKeywords(
            args, kwargs, "|$OsOOOsspssdpsn:Core", names, &nv, &options[PACE].given, &seed, &routes,
            &aps, &options[NETWORK].given, &options[LIMITS].given, &sni, &options[PRNG].given,
            &options[MIN_VERSION].given, &timeout, &echo, &options[SETTIME].given, &heap)) {
        return -1;
    }
    for (int i = 0; i < OPTIONS; i++) {
        if (!choose(&options[i])) {
            return -1;
        }
    }
    if (!(timeout > 0 && timeout <= 3600)) {
        PyErr_SetString(PyExc_ValueError,
                        "timeout is the longest handshake: more than 0, at most 3600 s");
        return -1;
    }
    if (heap < 1) {
        PyErr_Format(PyExc_ValueError, "heap is %zd; allowed: 1 or more bytes", heap);
        return -1;
    }
    const struct spwf_config config = {
        .min_version = (uint16_t)options[MIN_VERSION].value,
        .tls_timeout_s = (uint16_t)ceil(timeout),
        .echo = echo != 0,
        .limits_off = options[LIMITS].value != 0,
        .sni = sni != 0,
        .rc4_prng = options[PRNG].value != 0,
        .settime_lenient = options[SETTIME].value != 0,
    };
    if (!open_host(self, pool, &config, nv, (enum world_network)options[NETWORK].value) ||
        !read_lists(&self->host.world, routes, aps)) {
        return -1;
    }
    self->host.world.heap.limit = (size_t)heap;
    self->host.virtual_pace = options[PACE].value != 0;
    if (seed != Py_None) {
        Py_buffer bytes;
        if (PyObject_GetBuffer(seed, &bytes, PyBUF_SIMPLE) != 0) {
            return -1;
        }
        spwf_entropy_seed(&self->host.world.entropy, bytes.buf, (size_t)bytes.len);
        PyBuffer_Release(&bytes);
    }
    return 0;
}

int spwf_options_seconds(PyObject *seconds, uint64_t *ns) {
    double value = PyFloat_AsDouble(seconds);
    if (value == -1.0 && PyErr_Occurred()) {
        return -1;
    }
    if (!(value >= 0 && value <= 1e9)) {
        PyErr_Format(PyExc_ValueError, "%R seconds: 0 to 1000000000 are allowed", seconds);
        return -1;
    }
    *ns = (uint64_t)(value * 1e9);
    return 0;
}

int spwf_options_deadline(PyObject *timeout, uint64_t *deadline) {
    uint64_t ns;
    if (timeout == Py_None) {
        *deadline = HOST_NEVER;
        return 0;
    }
    if (spwf_options_seconds(timeout, &ns) != 0) {
        return -1;
    }
    *deadline = spwf_pace_real() + ns;
    return 0;
}
