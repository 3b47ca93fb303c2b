/* The texts in examples/, one after the other. Behind cmocka.h. */
#ifndef TEST_EXAMPLE_TEXTS_H
#define TEST_EXAMPLE_TEXTS_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXAMPLE_MOST_TEXT = 1 << 16 };

typedef void example_user(const char *name, const char *text, size_t length);

static void read_example(const char *folder, const char *name, example_user *use)
{
    static char text[EXAMPLE_MOST_TEXT], path[2048];
    snprintf(path, sizeof path, "%.1023s/%.255s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    assert_true(length > 0 && length < sizeof text - 1);
    text[length] = 0;
    use(name, text, length);
}

static void each_example(example_user *use)
{
    char folder[1024];
    const char *tests = getenv("SINTER_TESTS");
    unsigned count = 0;
    snprintf(folder, sizeof folder, "%s/../examples", tests ? tests : "tests");
    DIR *list = opendir(folder);
    assert_non_null(list);
    for (const struct dirent *entry; (entry = readdir(list)) != NULL;) {
        const char *ending = strrchr(entry->d_name, '.');
        if (!ending || strcmp(ending, ".sn") != 0)
            continue;
        read_example(folder, entry->d_name, use);
        count++;
    }
    closedir(list);
    assert_true(count > 20);
}

#endif
