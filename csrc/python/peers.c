/*
 * peers.c - the methods of Core that are the other ends of its in-memory network: a thin layer over
 * csrc/port/net_memory.c, listed with the other methods in core.c.
 */
#include "extension.h"

static PyObject *no_peer(int id) {
    return PyErr_Format(PyExc_ConnectionError,
                        "socket %d of the in-memory network has no such peer now", id);
}

PyObject *spwf_peers_accept(PyObject *self, PyObject *args) {
    struct host *h = spwf_core_open(self);
    struct spwf_addr to;
    int id, accept = 1;
    bool done;
    if (h == NULL || !PyArg_ParseTuple(args, "i|p:peer_accept", &id, &accept)) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    spwf_host_enter(h);
    done = spwf_net_memory_accept(&h->world.memory, id, accept != 0, &to);
    spwf_host_run(h);
    spwf_host_leave(h);
    Py_END_ALLOW_THREADS
    if (!done) {
        return no_peer(id);
    }
    return Py_BuildValue(
        "Ni", PyUnicode_FromFormat("%d.%d.%d.%d", to.ip[0], to.ip[1], to.ip[2], to.ip[3]), to.port);
}

PyObject *spwf_peers_write(PyObject *self, PyObject *args) {
    struct host *h = spwf_core_open(self);
    Py_buffer data;
    int id;
    bool done;
    if (h == NULL || !PyArg_ParseTuple(args, "iy*:peer_write", &id, &data)) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    spwf_host_enter(h);
    done = spwf_net_memory_push(&h->world.memory, id, data.buf, (size_t)data.len);
    spwf_host_run(h);
    spwf_host_leave(h);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&data);
    if (!done) {
        return no_peer(id);
    }
    Py_RETURN_NONE;
}

PyObject *spwf_peers_read(PyObject *self, PyObject *args) {
    struct host *h = spwf_core_open(self);
    PyObject *bytes = NULL;
    int id;
    if (h == NULL || !PyArg_ParseTuple(args, "i:peer_read", &id)) {
        return NULL;
    }
    spwf_core_enter(h);
    struct net_pipe *p = spwf_net_memory_pipe(&h->world.memory, id);
    if (p != NULL && (p->to_peer.used > 0 || !p->left)) {
        bytes = PyBytes_FromStringAndSize((const char *)spwf_queue_front(&p->to_peer),
                                          (Py_ssize_t)p->to_peer.used);
        spwf_queue_clear(&p->to_peer);
    }
    spwf_core_leave(h);
    if (p == NULL) {
        return no_peer(id);
    }
    if (bytes == NULL && !PyErr_Occurred()) {
        Py_RETURN_NONE;
    }
    return bytes;
}

PyObject *spwf_peers_close(PyObject *self, PyObject *args) {
    struct host *h = spwf_core_open(self);
    int id, reset = 0;
    bool done;
    if (h == NULL || !PyArg_ParseTuple(args, "i|p:peer_close", &id, &reset)) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    spwf_host_enter(h);
    done = spwf_net_memory_end(&h->world.memory, id, reset != 0);
    spwf_host_run(h);
    spwf_host_leave(h);
    Py_END_ALLOW_THREADS
    if (!done) {
        return no_peer(id);
    }
    Py_RETURN_NONE;
}
