/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes -> canonical origin, or a reason (RFC 6454 section 6.2, Fetch; rules R7, R8). */
#ifndef OCORS_ORIGIN_H
#define OCORS_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_span.h"

/*
 * The longest serialised origin: scheme of 32, "://", a host of 254 (253 and a trailing dot) or a
 * bracketed IPv6 address, ":65535". Nothing longer is an origin.
 */
#define OCORS_ORIGIN_SCHEME_MAX 32
#define OCORS_ORIGIN_HOST_MAX   254
#define OCORS_ORIGIN_MAX        (OCORS_ORIGIN_SCHEME_MAX + 3 + OCORS_ORIGIN_HOST_MAX + 6)

typedef enum {
    OCORS_ORIGIN_OK,
    OCORS_ORIGIN_WILDCARD,      /* holds a '*' */
    OCORS_ORIGIN_NULL,          /* the word null */
    OCORS_ORIGIN_EMPTY,         /* no bytes at all */
    OCORS_ORIGIN_PLACEHOLDER,   /* no "://": what administrators leave to be filled in */
    OCORS_ORIGIN_NOT_ASCII,     /* a byte >= 0x80: such a host is written in punycode */
    OCORS_ORIGIN_SPACE,         /* a space or a control character */
    OCORS_ORIGIN_SCHEME,        /* not ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ), or too long */
    OCORS_ORIGIN_OPAQUE_SCHEME, /* file, data, about, blob, javascript: serialised as null */
    OCORS_ORIGIN_USERINFO,      /* an '@' */
    OCORS_ORIGIN_PATH,          /* more than one '/' after the host, or a backslash */
    OCORS_ORIGIN_QUERY,
    OCORS_ORIGIN_FRAGMENT,
    OCORS_ORIGIN_HOST, /* empty, empty label, too long, or a character no host has */
    OCORS_ORIGIN_IPV4, /* a browser would send another form of this IPv4 address, or none */
    OCORS_ORIGIN_IPV6, /* likewise IPv6 (a zone id, a long form, no address) */
    OCORS_ORIGIN_PORT  /* not 1 to 65535, leading zero, or nothing after the ':' */
} ocors_origin_result_t;

/* What was changed to bring an origin to its serialised form; bits. */
enum {
    OCORS_ORIGIN_CHANGED_CASE = 1,
    OCORS_ORIGIN_CHANGED_PORT = 2, /* a default port was dropped */
    OCORS_ORIGIN_CHANGED_SLASH = 4 /* one trailing slash was dropped */
};

typedef struct ocors_origin_t {
    char bytes[OCORS_ORIGIN_MAX + 1]; /* the serialised form, NUL-terminated */
    size_t length;
    unsigned changes; /* OCORS_ORIGIN_CHANGED_ bits */
    size_t host_at;   /* the host's offset in bytes */
    size_t host_length;
    size_t port_at; /* the offset of the port's ':', == length where there is none */
} ocors_origin_t;

/*
 * Whether a host that is a name may hold the byte: a letter, a digit, '-', '.' or '_'. One bit for
 * each byte, as a load reads a million hosts.
 */
static inline bool ocors_origin_is_host_character(char c)
{
    static const uint64_t allowed[4] = { UINT64_C(0x03ff600000000000), UINT64_C(0x07fffffe87fffffe),
                                         0, 0 };

    return (allowed[(unsigned char)c >> 6] >> (c & 63) & 1) != 0;
}

/*
 * Brings a configured entry to its serialised form: scheme://host[:port], lower case, no default
 * port, no trailing slash (R8). `text` may hold any bytes, NUL too. On anything but
 * OCORS_ORIGIN_OK, *origin is unspecified. Never allocates; time is linear in text.length.
 * Faults are looked for in the order of the enum, so that the answer does not depend on the place
 * of a fault.
 */
ocors_origin_result_t ocors_origin_canonicalise(ocors_span_t text, ocors_origin_t *origin);

/* http:// with a host that is not loopback (localhost, *.localhost, 127.0.0.0/8, [::1]). */
bool ocors_origin_is_insecure(const ocors_origin_t *origin);

/* The port that a serialised origin of this scheme leaves out; 0: the scheme has none. */
uint16_t ocors_origin_default_port(ocors_span_t scheme);

#endif
