/*
 * module.c - the module spwf._core: its two types, its constants, and the pool of resolver threads
 * that all Cores share. Multi-phase, so each interpreter has its own.
 */
#include "extension.h"

/* The names of enum spwf_cause and of the bits of enum spwf_note, in their order (spwf.h says
 * more). */
static const char *const causes[] = {
    [SPWF_CAUSE_NONE] = "none",
    [SPWF_CAUSE_RESOLVE] = "resolve",
    [SPWF_CAUSE_REFUSED] = "refused",
    [SPWF_CAUSE_CONNECT_TIMEOUT] = "connect_timeout",
    [SPWF_CAUSE_UNREACHABLE] = "unreachable",
    [SPWF_CAUSE_CA_FILE] = "ca_file",
    [SPWF_CAUSE_CERT_FILE] = "cert_file",
    [SPWF_CAUSE_KEY_FILE] = "key_file",
    [SPWF_CAUSE_PAIR] = "pair",
    [SPWF_CAUSE_CLOCK] = "clock",
    [SPWF_CAUSE_CLOCK_LOST] = "clock_lost",
    [SPWF_CAUSE_CA_EXPIRED] = "ca_expired",
    [SPWF_CAUSE_CA_NOT_YET_VALID] = "ca_not_yet_valid",
    [SPWF_CAUSE_CHAIN] = "chain",
    [SPWF_CAUSE_ISSUER] = "issuer",
    [SPWF_CAUSE_SIGNATURE] = "signature",
    [SPWF_CAUSE_DIGEST] = "digest",
    [SPWF_CAUSE_EXPIRED] = "expired",
    [SPWF_CAUSE_NOT_YET_VALID] = "not_yet_valid",
    [SPWF_CAUSE_DOMAIN] = "domain",
    [SPWF_CAUSE_USAGE] = "usage",
    [SPWF_CAUSE_EXTENSION] = "extension",
    [SPWF_CAUSE_CERTIFICATE] = "certificate",
    [SPWF_CAUSE_KEY_SIZE] = "key_size",
    [SPWF_CAUSE_VERSION] = "version",
    [SPWF_CAUSE_SUITE] = "suite",
    [SPWF_CAUSE_CLIENT_CERTIFICATE] = "client_certificate",
    [SPWF_CAUSE_CLIENT_UNKNOWN] = "client_unknown",
    [SPWF_CAUSE_CLIENT_EXPIRED] = "client_expired",
    [SPWF_CAUSE_CLIENT_REFUSED] = "client_refused",
    [SPWF_CAUSE_ALERT] = "alert",
    [SPWF_CAUSE_CLOSED] = "closed",
    [SPWF_CAUSE_RESET] = "reset",
    [SPWF_CAUSE_NOT_TLS] = "not_tls",
    [SPWF_CAUSE_TIMEOUT] = "timeout",
    [SPWF_CAUSE_MEMORY] = "memory",
    [SPWF_CAUSE_PROTOCOL] = "protocol",
};

static const char *const modes[] = {
    [SPWF_ANONYMOUS] = "anonymous",
    [SPWF_ONE_WAY] = "one_way",
    [SPWF_MUTUAL] = "mutual",
};

static const char *const notes[] = {
    "name_unchecked",   "cn_ignored",       "outside_table_2", "chain",     "date",         "name",
    "cert_without_key", "key_without_cert", "cert_requested",  "cert_sent", "close_notify", "fin",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))
_Static_assert(COUNT(causes) == SPWF_CAUSE_PROTOCOL + 1, "a cause has no name");
_Static_assert(1 << (COUNT(notes) - 1) == SPWF_NOTE_FIN, "a note has no name");

static int add_names(PyObject *module, const char *name, const char *const *names, size_t count) {
    PyObject *tuple = PyTuple_New((Py_ssize_t)count);
    for (size_t i = 0; tuple != NULL && i < count; i++) {
        PyObject *text = PyUnicode_FromString(names[i]);
        if (text == NULL) {
            Py_CLEAR(tuple);
        } else {
            PyTuple_SetItem(tuple, (Py_ssize_t)i, text);
        }
    }
    int error = tuple != NULL ? PyModule_AddObjectRef(module, name, tuple) : -1;
    Py_XDECREF(tuple);
    return error;
}

static int add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **type) {
    *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
    return *type != NULL ? PyModule_AddType(module, *type) : -1;
}

static int module_exec(PyObject *module) {
    struct state *state = PyModule_GetState(module);
    state->pool = spwf_lookup_pool_new();
    if (state->pool == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    return add_type(module, &spwf_core_spec, &state->core_type) != 0 ||
                   add_type(module, &spwf_loop_spec, &state->loop_type) != 0 ||
                   PyModule_AddStringConstant(module, "VERSION", SPWF_VERSION) != 0 ||
                   PyModule_AddStringConstant(module, "BUILD", SPWF_BUILD) != 0 ||
                   PyModule_AddStringConstant(module, "WOLFSSL_VERSION", WOLFSSL_SOURCE) != 0 ||
                   add_names(module, "CAUSES", causes, COUNT(causes)) != 0 ||
                   add_names(module, "MODES", modes, COUNT(modes)) != 0 ||
                   add_names(module, "NOTES", notes, COUNT(notes)) != 0
               ? -1
               : 0;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg) {
    struct state *state = PyModule_GetState(module);
    Py_VISIT(state->core_type);
    Py_VISIT(state->loop_type);
    return 0;
}

static int module_clear(PyObject *module) {
    struct state *state = PyModule_GetState(module);
    Py_CLEAR(state->core_type);
    Py_CLEAR(state->loop_type);
    return 0;
}

/* Every Core keeps its type alive, and that keeps this module: none is left that could use the
 * pool. */
static void module_free(void *module) {
    struct state *state = PyModule_GetState(module);
    module_clear(module);
    if (state->pool != NULL) {
        spwf_lookup_pool_release(state->pool);
    }
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "spwf._core",
    .m_doc = "The SPWF01S core on this host: see spwf/_core.pyi.",
    .m_size = sizeof(struct state),
    .m_slots = slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__core(void) {
    return PyModuleDef_Init(&definition);
}
