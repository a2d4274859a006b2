/* SPDX-License-Identifier: Apache-2.0 */
/* The image: built, read back, verified; and no byte of it that lies can lead a reader out of it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ocors_image_build.h"
#include "ocors_image_verify.h"
#include "ocors_image_layout.h"
#include "ocors_settings.h"

#define SEED UINT64_C(0x0123456789abcdef)

/* So many resources of one client have an index. */
#define LONG_LIST 12

static ocors_report_t report;

/* 20 clients; client i lists the origins k with k % 20 == i, and one that all of them list. */
static ocors_settings_t *settings_make(size_t origins)
{
    ocors_settings_t *settings = ocors_settings_create();

    assert_non_null(settings);
    ocors_settings_set_version(settings, OCORS_SPAN_LITERAL("19.1"), &report, NULL);
    for (size_t client = 0; client < 20; client++) {
        char text[64];
        int length = snprintf(text, sizeof(text), "client-%zu", client);

        ocors_settings_begin_client(settings, ocors_span_make(text, (size_t)length), &report, NULL);
        ocors_settings_add_origin(settings, OCORS_SPAN_LITERAL("https://all.example"), &report,
                                  NULL);
        for (size_t k = client; k < origins; k += 20) {
            length = snprintf(text, sizeof(text), "https://host-%zu.example", k);
            ocors_settings_add_origin(settings, ocors_span_make(text, (size_t)length), &report,
                                      NULL);
        }
        if (client % 2 == 0) {
            ocors_settings_add_resource(settings, OCORS_SPAN_LITERAL("/baskets"), OCORS_METHOD_GET,
                                        0, UINT32_MAX, &report, NULL);
            ocors_settings_add_resource(
                settings, OCORS_SPAN_LITERAL("/baskets"),
                (ocors_methods_t)(client == 0 ? OCORS_METHOD_POST : OCORS_METHOD_PUT), 0,
                UINT32_MAX, &report, NULL);
            ocors_settings_add_header(settings, OCORS_SPAN_LITERAL("x-client"),
                                      OCORS_SPAN_LITERAL("yes"), &report, NULL);
        }
        for (int i = 0; i < LONG_LIST && client == 19; i++) {
            length = snprintf(text, sizeof(text), "/long/%d", i);
            ocors_settings_add_resource(settings, ocors_span_make(text, (size_t)length),
                                        OCORS_METHOD_GET, 0, UINT32_MAX, &report, NULL);
        }
    }
    return settings;
}

static void *image_make(size_t origins, size_t *size, ocors_image_t *image)
{
    ocors_settings_t *settings = settings_make(origins);
    void *bytes;

    assert_int_equal(ocors_image_build(settings, SEED, &bytes, size), OCORS_OK);
    ocors_settings_free(settings);
    assert_true(ocors_image_open(bytes, *size, image));
    assert_true(ocors_image_verify(bytes, *size));
    return bytes;
}

static bool image_has(const ocors_image_t *image, const char *text, ocors_image_origin_t *origin)
{
    const ocors_span_t span = ocors_span_from_string(text);
    const uint64_t hash = ocors_image_hash(image, span);
    const bool has = ocors_image_find_origin(image, hash, span, origin);
    /* Only a damaged image has an origin without a client. */
    const bool lists = has && origin->client_count > 0 && origin->clients[0] < image->client_count;
    ocors_span_t configured = { NULL, 0 };

    assert_int_equal(ocors_image_lists(image, hash, span, &configured), lists);
    assert_ptr_equal(configured.bytes, lists ? origin->text.bytes : NULL);
    assert_int_equal(configured.length, lists ? span.length : 0);
    return has;
}

static void test_every_origin_is_found_with_its_client(void **state)
{
    size_t size;
    ocors_image_t image;
    ocors_image_origin_t origin;
    void *bytes = image_make(5000, &size, &image);

    (void)state;
    assert_int_equal(image.origin_count, 5001);
    assert_int_equal(image.client_count, 20);
    for (size_t k = 0; k < 5000; k++) {
        char text[64];

        snprintf(text, sizeof(text), "https://host-%zu.example", k);
        assert_true(image_has(&image, text, &origin));
        assert_int_equal(origin.client_count, 1);
        assert_int_equal(origin.clients[0], k % 20);
        assert_int_equal(origin.text.length, strlen(text));
        assert_memory_equal(origin.text.bytes, text, strlen(text));
        for (uint32_t client = 0; client < 20; client++) {
            assert_int_equal(ocors_image_origin_has_client(&origin, client), client == k % 20);
        }
    }
    assert_true(image_has(&image, "https://all.example", &origin));
    assert_int_equal(origin.client_count, 20);
    for (uint32_t client = 0; client < 20; client++) {
        assert_true(ocors_image_origin_has_client(&origin, client));
    }
    assert_false(ocors_image_origin_has_client(&origin, 20));
    free(bytes);
}

static void test_what_is_not_there_is_not_found(void **state)
{
    static const char *const absent[] = {
        "",
        "https://host-5000.example",
        "https://host-1.exampl",
        "https://host-1.example ",
        "https://HOST-1.example",
        "http://host-1.example",
        "https://all.exampl",
        "all",
    };
    size_t size;
    ocors_image_t image;
    ocors_image_origin_t origin;
    uint32_t client;
    void *bytes = image_make(5000, &size, &image);

    (void)state;
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        assert_false(image_has(&image, absent[i], &origin));
    }
    assert_false(ocors_image_find_client(&image,
                                         ocors_image_hash(&image, OCORS_SPAN_LITERAL("none")),
                                         OCORS_SPAN_LITERAL("none"), &client));
    free(bytes);
}

static void test_clients_resources_headers_come_back(void **state)
{
    size_t size;
    ocors_image_t image;
    ocors_image_client_t client;
    ocors_resource_t resource;
    ocors_response_header_t header;
    ocors_image_list_t list;
    uint32_t number, further;
    const ocors_span_t id = OCORS_SPAN_LITERAL("client-2");
    void *bytes = image_make(100, &size, &image);

    (void)state;
    assert_true(ocors_span_is_equal(image.version, OCORS_SPAN_LITERAL("19.1")));
    assert_true(ocors_image_find_client(&image, ocors_image_hash(&image, id), id, &number));
    assert_int_equal(number, 2);
    assert_true(ocors_image_read_client(&image, number, &client));
    assert_int_equal(client.hash, ocors_image_hash(&image, id));
    assert_true(ocors_image_read_list(&image, client.list, &list));
    assert_int_equal(list.resource_count, 1);
    assert_int_equal(client.header_count, 1);
    assert_true(ocors_image_read_resource(&image, list.first_resource, &resource, &further));
    assert_true(ocors_span_is_equal(resource.pattern, OCORS_SPAN_LITERAL("/baskets")));
    assert_int_equal(resource.methods,
                     OCORS_METHOD_GET | OCORS_METHOD_HEAD | OCORS_METHOD_PUT); /* M1 */
    assert_true(ocors_image_read_header(&image, client.first_header, &header));
    assert_true(ocors_span_is_equal(header.name, OCORS_SPAN_LITERAL("x-client")));
    assert_true(ocors_span_is_equal(header.value, OCORS_SPAN_LITERAL("yes")));
    assert_true(ocors_image_read_client(&image, 3, &client));
    assert_true(ocors_image_read_list(&image, client.list, &list));
    assert_int_equal(list.resource_count, 0);
    /* Those of all clients: one pattern, every method, once. */
    assert_true(ocors_image_read_list(&image, image.site_list, &list));
    assert_int_equal(list.resource_count, 1 + LONG_LIST);
    assert_true(list.slot_count >= LONG_LIST);
    number = 0; /* where the one that several clients have is: the order is that of keys */
    do {
        assert_true(
            ocors_image_read_resource(&image, list.first_resource + number, &resource, &further));
    } while (!ocors_span_is_equal(resource.pattern, OCORS_SPAN_LITERAL("/baskets"))
             && ++number < list.resource_count);
    assert_int_equal(resource.methods,
                     OCORS_METHOD_GET | OCORS_METHOD_HEAD | OCORS_METHOD_POST | OCORS_METHOD_PUT);
    /* What lies beyond a count is not read, however good it is. */
    assert_false(ocors_image_read_client(&image, --image.client_count, &client));
    assert_false(ocors_image_read_list(&image, --image.list_count, &list));
    assert_false(ocors_image_read_resource(&image, --image.resource_count, &resource, &further));
    assert_false(ocors_image_read_header(&image, --image.header_count, &header));
    free(bytes);
}

static void test_an_empty_document(void **state)
{
    ocors_settings_t *settings = ocors_settings_create();
    ocors_image_t image;
    ocors_image_origin_t origin;
    void *bytes;
    size_t size;

    (void)state;
    assert_int_equal(ocors_image_build(settings, SEED, &bytes, &size), OCORS_OK);
    assert_true(ocors_image_verify(bytes, size));
    assert_true(ocors_image_open(bytes, size, &image));
    assert_false(image_has(&image, "https://all.example", &origin));
    ocors_settings_free(settings);
    free(bytes);
}

static void test_it_can_be_moved(void **state)
{
    size_t size;
    ocors_image_t image;
    ocors_image_origin_t origin;
    void *bytes = image_make(100, &size, &image);
    void *copy = aligned_alloc(OCORS_IMAGE_ALIGNMENT, size);

    (void)state;
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    memset(bytes, 0xff, size);
    free(bytes);
    assert_true(ocors_image_verify(copy, size));
    assert_true(ocors_image_open(copy, size, &image));
    assert_true(image_has(&image, "https://host-99.example", &origin));
    free(copy);
}

static void test_size_for_each_origin(void **state)
{
    size_t size;
    ocors_image_t image;
    size_t text = 0;
    void *bytes = image_make(100000, &size, &image);

    (void)state;
    for (size_t k = 0; k < 100000; k++) {
        text += (size_t)snprintf(NULL, 0, "https://host-%zu.example", k);
    }
    /* 64 bytes for each origin, beside its text */
    assert_true(size - text < (size_t)64 * 100000);
    free(bytes);
}

/* The origins of a host are found together, ordered by scheme and port; of every host of many. */
static void test_the_origins_of_a_host(void **state)
{
    static const char *const listed[] = {
        "https://h.example",      "http://h.example:8080", "http://h.example",
        "https://h.example:8443", "app://h.example",       "https://other.example",
    };
    static const char *const expected[] = {
        "app://h.example",   "http://h.example",       "http://h.example:8080",
        "https://h.example", "https://h.example:8443",
    };
    const ocors_span_t host = OCORS_SPAN_LITERAL("h.example");
    ocors_settings_t *settings = settings_make(1000);
    ocors_image_host_t found;
    ocors_image_origin_t origin;
    ocors_image_t image;
    void *bytes;
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof(listed) / sizeof(listed[0]); i++) {
        ocors_settings_add_origin(settings, ocors_span_from_string(listed[i]), &report, NULL);
    }
    assert_int_equal(ocors_image_build(settings, SEED, &bytes, &size), OCORS_OK);
    assert_true(ocors_image_verify(bytes, size));
    assert_true(ocors_image_open(bytes, size, &image));
    assert_true(ocors_image_find_host(&image, ocors_image_hash(&image, host), host, &found));
    assert_int_equal(found.count, sizeof(expected) / sizeof(expected[0]));
    for (uint32_t i = 0; i < found.count; i++) {
        assert_true(ocors_image_host_origin(&image, &found, i, &origin));
        assert_int_equal(origin.text.length, strlen(expected[i]));
        assert_memory_equal(origin.text.bytes, expected[i], origin.text.length);
    }
    assert_false(ocors_image_host_origin(&image, &found, found.count, &origin));
    for (unsigned k = 0; k < 1000; k++) {
        char text[64];
        const ocors_span_t name = { text,
                                    (size_t)snprintf(text, sizeof(text), "host-%u.example", k) };

        assert_true(ocors_image_find_host(&image, ocors_image_hash(&image, name), name, &found));
        assert_int_equal(found.count, 1);
        assert_true(ocors_image_host_origin(&image, &found, 0, &origin));
        assert_memory_equal(origin.text.bytes + strlen("https://"), text, name.length);
    }
    assert_false(ocors_image_find_host(&image, ocors_image_hash(&image, OCORS_SPAN_LITERAL("none")),
                                       OCORS_SPAN_LITERAL("none"), &found));
    ocors_settings_free(settings);
    free(bytes);
}

/* The number of origins of a host is read within its section, also where it is the last one. */
static void test_a_group_ends_within_its_section(void **state)
{
    static const char *const hosts[] = { "a.example", "b.example" };
    ocors_settings_t *settings = settings_make(0);
    ocors_image_header_t header;
    ocors_image_host_t found;
    ocors_image_t image;
    uint32_t *groups;
    void *bytes;
    size_t size;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char text[64];
        const int length = snprintf(text, sizeof(text), "%s://%s", i < 2 ? "http" : "https",
                                    hosts[i % 2]);

        ocors_settings_add_origin(settings, ocors_span_make(text, (size_t)length), &report, NULL);
    }
    assert_int_equal(ocors_image_build(settings, SEED, &bytes, &size), OCORS_OK);
    assert_true(ocors_image_open(bytes, size, &image));
    memcpy(&header, bytes, sizeof(header));
    groups = (uint32_t *)(void *)((char *)bytes + header.groups);
    assert_int_equal(header.group_size, 6);
    for (uint32_t at = 0; at < 6; at += 3) { /* a count of two, and two numbers */
        for (uint32_t count = 1; count < 8; count++) {
            unsigned opened = 0;

            groups[at] = count;
            for (size_t i = 0; i < 2; i++) {
                const ocors_span_t host = ocors_span_from_string(hosts[i]);

                opened += ocors_image_find_host(&image, ocors_image_hash(&image, host), host,
                                                &found)
                          && found.count == count;
            }
            assert_int_equal(opened, count == 2 ? 2 : at + count < 6 ? 1 : 0);
        }
        groups[at] = 2;
    }
    ocors_settings_free(settings);
    free(bytes);
}

/* Two ports of each host take most; the slots of no count are emptier than those of this one. */
static void test_size_for_each_of_two_ports(void **state)
{
    const size_t hosts = 49153; /* so that both tables of slots have just doubled */
    ocors_settings_t *settings = ocors_settings_create();
    size_t size, text = 0;
    void *bytes;

    (void)state;
    ocors_settings_begin_client(settings, OCORS_SPAN_LITERAL("a"), &report, NULL);
    for (size_t k = 0; k < 2 * hosts; k++) {
        char origin[64];
        const size_t length = (size_t)snprintf(origin, sizeof(origin), "https://%zu.example%s",
                                               k / 2, k % 2 == 0 ? "" : ":8443");

        ocors_settings_add_origin(settings, ocors_span_make(origin, length), &report, NULL);
        text += length;
    }
    assert_int_equal(ocors_image_build(settings, SEED, &bytes, &size), OCORS_OK);
    assert_true(size - text < 64 * 2 * hosts);
    ocors_settings_free(settings);
    free(bytes);
}

/* Uses whatever a damaged image says; under a sanitizer, or at its guard page, a stray read dies.
 */
static void image_use(const void *bytes, size_t size)
{
    ocors_image_t image;
    ocors_image_origin_t origin;
    ocors_image_host_t hosts;
    ocors_image_client_t client;
    ocors_resource_t resource;
    ocors_response_header_t header;
    ocors_image_list_t list;
    uint32_t further;
    volatile uint32_t sum = 0;

    ocors_image_verify(bytes, size);
    if (!ocors_image_open(bytes, size, &image)) {
        return;
    }
    for (size_t k = 0; k < 40; k++) {
        char text[64];

        snprintf(text, sizeof(text), "https://host-%zu.example", k);
        if (image_has(&image, text, &origin)) {
            for (uint32_t i = 0; i < origin.client_count; i++) {
                sum += origin.clients[i];
            }
            ocors_image_origin_has_client(&origin, 7);
            sum += ocors_image_origin_list(&image, &origin);
        }
        const ocors_span_t host = ocors_span_make(text + strlen("https://"),
                                                  strlen(text) - strlen("https://"));
        if (ocors_image_find_host(&image, ocors_image_hash(&image, host), host, &hosts)) {
            for (uint32_t i = 0; i < 3 && ocors_image_host_origin(&image, &hosts, i, &origin);
                 i++) {
                sum += (unsigned char)origin.text.bytes[origin.text.length / 2];
            }
        }
    }
    for (uint32_t i = 0; i < image.client_count && i < 100; i++) {
        if (ocors_image_read_client(&image, i, &client)) {
            for (size_t k = 0; k < client.id.length; k++) {
                sum += (unsigned char)client.id.bytes[k];
            }
        }
    }
    for (uint32_t i = 0; i < image.resource_count && i < 100; i++) {
        if (ocors_image_read_resource(&image, i, &resource, &further)) {
            for (size_t k = 0; k < resource.pattern.length; k++) {
                sum += (unsigned char)resource.pattern.bytes[k];
            }
        }
    }
    for (uint32_t i = 0; i < image.list_count && i < 100; i++) {
        if (ocors_image_read_list(&image, i, &list) && list.slot_count > 0) {
            sum += list.slots[list.slot_count - 1].tag;
        }
    }
    for (uint32_t i = 0; i < image.header_count && i < 100; i++) {
        if (ocors_image_read_header(&image, i, &header)) {
            assert_true(header.name.length > 0); /* httpd's tables take no NULL */
            assert_non_null(header.value.bytes);
            for (size_t k = 0; k < header.value.length; k++) {
                sum += (unsigned char)header.value.bytes[k];
            }
        }
    }
    (void)sum;
}

static void test_every_damaged_byte_is_noticed_and_harmless(void **state)
{
    size_t size;
    ocors_image_t image;
    unsigned char *bytes = image_make(40, &size, &image);

    (void)state;
    for (size_t at = 0; at < size; at++) {
        const unsigned char before = bytes[at];
        static const unsigned char flips[] = { 0x01, 0x80, 0xff };

        for (size_t i = 0; i < sizeof(flips); i++) {
            bytes[at] = before ^ flips[i];
            assert_false(ocors_image_verify(bytes, size));
            image_use(bytes, size);
        }
        bytes[at] = before;
    }
    assert_true(ocors_image_verify(bytes, size));
    free(bytes);
}

/* Writes a number into an image, and the checksum that is right then; whether the image passes. */
static bool passes_with(void *bytes, size_t size, size_t at, uint32_t number)
{
    ocors_image_header_t *header = bytes;
    uint32_t *word = (uint32_t *)(void *)((char *)bytes + at);
    const uint32_t before = *word;
    bool passes;

    *word = number;
    header->checksum = ocors_image_checksum(bytes, size, header->seed);
    passes = ocors_image_verify(bytes, size);
    *word = before;
    header->checksum = ocors_image_checksum(bytes, size, header->seed);
    assert_true(ocors_image_verify(bytes, size));
    return passes;
}

#define FIELD(section, type, index, field)                                                         \
    (header->section + (index) * sizeof(type) + offsetof(type, field))

/* A number that is out of range is refused although the checksum is right. */
static void test_a_right_checksum_is_not_enough(void **state)
{
    size_t size;
    ocors_image_t image;
    ocors_image_origin_t all;
    void *bytes = image_make(40, &size, &image);
    const ocors_image_header_t *header = bytes;
    const uint32_t clients = header->client_count, headers = header->header_count;

    (void)state;
    assert_true(image_has(&image, "https://all.example", &all));
    assert_int_equal(all.client_count, 20);
    const size_t members = (size_t)((const char *)all.clients - (const char *)bytes);
    const struct {
        size_t at;
        uint32_t number;
        bool passes;
    } rows[] = {
        { members + 19 * sizeof(uint32_t), clients, false },
        { members + 19 * sizeof(uint32_t), 18, false }, /* twice */
        { members + 20 * sizeof(uint32_t), header->list_count, false },
        { members + 20 * sizeof(uint32_t), header->list_count - 1, true },
        { members + 20 * sizeof(uint32_t), OCORS_IMAGE_LIST_NONE, true },
        { FIELD(origins, ocors_image_origin_record_t, 0, length), 0, false },
        { FIELD(origins, ocors_image_origin_record_t, 1, length), UINT32_MAX, false },
        { FIELD(origins, ocors_image_origin_record_t, 1, text), header->text_size, false },
        { FIELD(origins, ocors_image_origin_record_t, 0, member_count), 0, false },
        { FIELD(clients, ocors_image_client_record_t, 3, id_length), 0, false },
        { FIELD(clients, ocors_image_client_record_t, 3, hash), 0, false },
        { FIELD(clients, ocors_image_client_record_t, 3, list), header->list_count, false },
        { FIELD(clients, ocors_image_client_record_t, 3, list), header->list_count - 1, true },
        { FIELD(clients, ocors_image_client_record_t, 3, first_header), headers + 1, false },
        { FIELD(clients, ocors_image_client_record_t, 3, first_header), headers, true },
        { FIELD(clients, ocors_image_client_record_t, 0, header_count), headers + 1, false },
        { FIELD(clients, ocors_image_client_record_t, 0, header_count), headers, true },
        { offsetof(ocors_image_header_t, site_list), header->list_count, false },
        { offsetof(ocors_image_header_t, site_list), header->list_count - 1, true },
        { FIELD(headers, ocors_image_header_record_t, 0, name_length), header->text_size, false },
        { FIELD(headers, ocors_image_header_record_t, 0, value_length), header->text_size, false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (passes_with(bytes, size, rows[i].at, rows[i].number) != rows[i].passes) {
            fail_msg("row %zu", i);
        }
    }
    free(bytes);
}

static void test_every_cut_is_noticed(void **state)
{
    size_t size;
    ocors_image_t image;
    void *bytes = image_make(40, &size, &image);

    (void)state;
    for (size_t cut = 0; cut < size; cut += 8) {
        void *shorter = aligned_alloc(OCORS_IMAGE_ALIGNMENT, size);

        memcpy(shorter, bytes, cut);
        assert_false(ocors_image_open(shorter, cut, &image));
        free(shorter);
    }
    assert_false(ocors_image_open((char *)bytes + 8, size - 8, &image));
    free(bytes);
}

static void test_the_seed_decides_the_order_not_the_answer(void **state)
{
    ocors_settings_t *settings = settings_make(40);
    ocors_image_origin_t origin;

    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        ocors_image_t image;
        void *bytes;
        size_t size;

        assert_int_equal(ocors_image_build(settings, seed, &bytes, &size), OCORS_OK);
        assert_true(ocors_image_verify(bytes, size));
        assert_true(ocors_image_open(bytes, size, &image));
        assert_int_equal(image.seed, seed);
        assert_true(image_has(&image, "https://host-39.example", &origin));
        assert_false(image_has(&image, "https://host-40.example", &origin));
        free(bytes);
    }
    ocors_settings_free(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_origin_is_found_with_its_client),
        cmocka_unit_test(test_what_is_not_there_is_not_found),
        cmocka_unit_test(test_clients_resources_headers_come_back),
        cmocka_unit_test(test_an_empty_document),
        cmocka_unit_test(test_it_can_be_moved),
        cmocka_unit_test(test_size_for_each_origin),
        cmocka_unit_test(test_size_for_each_of_two_ports),
        cmocka_unit_test(test_the_origins_of_a_host),
        cmocka_unit_test(test_a_group_ends_within_its_section),
        cmocka_unit_test(test_every_damaged_byte_is_noticed_and_harmless),
        cmocka_unit_test(test_a_right_checksum_is_not_enough),
        cmocka_unit_test(test_every_cut_is_noticed),
        cmocka_unit_test(test_the_seed_decides_the_order_not_the_answer),
    };
    int failed;

    ocors_report_init(&report);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    ocors_report_free(&report);
    return failed;
}
