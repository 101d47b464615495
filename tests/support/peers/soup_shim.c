/* Debian 12's whip-client uses libsoup 2, and its libnice brings libsoup 3 along, which ends a process that
 * has both. It asks for this one symbol; the client never calls libsoup 3. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

int g_module_symbol(void *module, const char *name, void **symbol) {
    int (*real)(void *, const char *, void **) = dlsym(RTLD_NEXT, "g_module_symbol");
    return strcmp(name, "soup_uri_new") ? real(module, name, symbol) : 0;
}
