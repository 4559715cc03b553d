/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads or writes a device's register from the guest's user space, with one
 * access of the width that was asked for: a device sees what a driver would do.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "Usage: mmio_rw WHERE WIDTH [VALUE]      reads, or writes VALUE\n"
    "       mmio_rw --time COUNT WHERE WIDTH reads COUNT times, and says how long a read takes\n"
    "\n"
    "WHERE  PCI:BAR+OFFSET, as 00:03.0:0+0x8 or 0000:00:03.0:2 (by sysfs), or a physical ADDRESS (by /dev/mem)\n"
    "WIDTH  8, 16, 32 or 64 bits; the place is a multiple of as many\n"
    "Numbers may begin with 0x. Ends with 0, with 1 if it can't be done, or with 2 if the words are wrong.\n";

struct place {
    char device[32];    /* PCI address with its domain; empty for a physical address */
    unsigned int bar;
    uint64_t offset;
};

__attribute__((noreturn, format(printf, 2, 3)))
static void fail(int status, const char *format, ...)
{
    va_list arguments;

    fputs("mmio_rw: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(status);
}

static uint64_t number(const char *what, const char *text)
{
    char *end;
    uint64_t value;

    errno = 0;
    value = strtoull(text, &end, 0);
    if (*text < '0' || *text > '9' || *end || errno) {
        fail(2, "%s: \"%s\" is no number", what, text);
    }
    return value;
}

static struct place parse_place(const char *text)
{
    struct place place = { .offset = 0 };
    unsigned int domain = 0, bus, slot, function;
    int end = 0;

    if (!strchr(text, ':')) {
        place.offset = number("ADDRESS", text);
        return place;
    }
    if (sscanf(text, "%4x:%2x:%2x.%1x:%1u%n", &domain, &bus, &slot, &function, &place.bar, &end) != 5) {
        domain = 0;
        if (sscanf(text, "%2x:%2x.%1x:%1u%n", &bus, &slot, &function, &place.bar, &end) != 4) {
            fail(2, "\"%s\" is not PCI:BAR+OFFSET, as 00:03.0:0+0x8", text);
        }
    }
    if (place.bar > 5) {
        fail(2, "there are the BARs 0 to 5, not %u", place.bar);
    }
    snprintf(place.device, sizeof(place.device), "%04x:%02x:%02x.%x", domain, bus, slot, function);
    if (text[end] == '+') {
        place.offset = number("OFFSET", text + end + 1);
    } else if (text[end]) {
        fail(2, "\"%s\": after the BAR comes +OFFSET", text);
    }
    return place;
}

/* The name of the driver that has the device, or NULL. */
static const char *driver_of(const char *device)
{
    static char target[PATH_MAX];
    char path[128];
    ssize_t length;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", device);
    length = readlink(path, target, sizeof(target) - 1);
    if (length < 0) {
        return NULL;
    }
    target[length] = 0;
    return strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
}

/* A device answers only once its memory space is enabled; a driver does that for itself. */
static void enable(const char *device)
{
    char path[128], state = '1';
    int file;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", device);
    file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0 || read(file, &state, 1) != 1) {
        fail(1, "%s: %s", path, strerror(errno));
    }
    if (state == '0' && pwrite(file, "1", 1, 0) != 1) {
        fail(1, "%s can't be enabled: %s", device, strerror(errno));
    }
    close(file);
}

static void *map(int file, const char *path, uint64_t offset, unsigned int bytes)
{
    uint64_t page = sysconf(_SC_PAGESIZE);
    uint64_t from = offset / page * page;
    uint8_t *mapped = mmap(NULL, offset - from + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, from);

    if (mapped == MAP_FAILED) {
        fail(1, "%s can't be mapped: %s", path, strerror(errno));
    }
    return mapped + (offset - from);
}

static void *map_bar(const struct place *place, unsigned int bytes)
{
    const char *driver = driver_of(place->device);
    char path[128];
    struct stat status;
    int file;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", place->device);
    if (stat(path, &status)) {
        fail(1, "there is no PCI device %s; lspci -D lists them", place->device);
    }
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource%u", place->device, place->bar);
    if (stat(path, &status)) {
        fail(1, "%s has no BAR %u", place->device, place->bar);
    }
    if (place->offset > (uint64_t)status.st_size || status.st_size - place->offset < bytes) {
        fail(1, "BAR %u of %s has 0x%jx bytes: no %u of them at 0x%" PRIx64, place->bar, place->device, (intmax_t)status.st_size, bytes, place->offset);
    }
    if (driver) {
        /* The kernel would refuse the mapping with "Invalid argument". */
        fail(1, "%s is the driver %s's; echo %s >/sys/bus/pci/drivers/%s/unbind takes it away", place->device, driver, place->device, driver);
    }
    enable(place->device);
    file = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
    if (file < 0) {
        fail(1, "%s: %s", path, strerror(errno));
    }
    return map(file, path, place->offset, bytes);
}

static void *map_address(uint64_t address, unsigned int bytes)
{
    int file = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);

    if (file < 0) {
        fail(1, "/dev/mem: %s", strerror(errno));
    }
    if (address > (uint64_t)INT64_MAX - bytes) {
        fail(1, "0x%" PRIx64 " is beyond all memory", address);
    }
    return map(file, "/dev/mem (the kernel keeps its own memory and what a driver has)", address, bytes);
}

static uint64_t read_register(const volatile void *at, unsigned int width)
{
    switch (width) {
    case 8:
        return *(const volatile uint8_t *)at;
    case 16:
        return *(const volatile uint16_t *)at;
    case 32:
        return *(const volatile uint32_t *)at;
    default:
        return *(const volatile uint64_t *)at;
    }
}

static void write_register(volatile void *at, unsigned int width, uint64_t value)
{
    switch (width) {
    case 8:
        *(volatile uint8_t *)at = value;
        break;
    case 16:
        *(volatile uint16_t *)at = value;
        break;
    case 32:
        *(volatile uint32_t *)at = value;
        break;
    default:
        *(volatile uint64_t *)at = value;
        break;
    }
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int compare(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;

    return (a > b) - (a < b);
}

static void time_reads(const volatile void *at, unsigned int width, size_t count)
{
    int64_t *taken = calloc(count, sizeof(*taken));
    size_t i;

    if (!taken) {
        fail(1, "no memory for %zu times", count);
    }
    for (i = 0; i < count; i++) {
        int64_t begin = now_ns();

        read_register(at, width);
        taken[i] = now_ns() - begin;
    }
    qsort(taken, count, sizeof(*taken), compare);
    printf("%zu reads, us: least %.1f median %.1f p99 %.1f most %.1f\n", count, taken[0] / 1e3, taken[count / 2] / 1e3, taken[count * 99 / 100] / 1e3,
           taken[count - 1] / 1e3);
    free(taken);
}

int main(int argc, char **argv)
{
    struct place place;
    uint64_t width, value = 0, times = 0;
    bool is_write;
    void *at;

    if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc == 5 && !strcmp(argv[1], "--time")) {
        times = number("COUNT", argv[2]);
        argv += 2;
        argc -= 2;
        if (times < 1 || times > 1000000) {
            fail(2, "COUNT is 1 to 1000000");
        }
    }
    if (argc != 3 && (argc != 4 || times)) {
        fputs(usage, stderr);
        return 2;
    }
    is_write = argc == 4;
    place = parse_place(argv[1]);
    width = number("WIDTH", argv[2]);
    if (width != 8 && width != 16 && width != 32 && width != 64) {
        fail(2, "WIDTH is 8, 16, 32 or 64, not %" PRIu64, width);
    }
    if (place.offset % (width / 8)) {
        fail(2, "0x%" PRIx64 " is not a multiple of %" PRIu64 " bytes", place.offset, width / 8);
    }
    if (is_write) {
        value = number("VALUE", argv[3]);
        if (width < 64 && value >> width) {
            fail(2, "0x%" PRIx64 " has more than %" PRIu64 " bits", value, width);
        }
    }

    at = place.device[0] ? map_bar(&place, width / 8) : map_address(place.offset, width / 8);
    if (times) {
        time_reads(at, width, times);
    } else if (is_write) {
        write_register(at, width, value);
    } else {
        printf("0x%0*" PRIx64 "\n", (int)width / 4, read_register(at, width));
    }
    return 0;
}
