/* Reads rows of letters with given tables, then with tables spoilt at random: built with the compiler's guards, it stops at the first
 * step outside its memory. Arguments: a file of tables, a file of rows (how many letters, then they), how many tables to spoil. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

static char *content(const char *name, long *size)
{
    FILE *file = fopen(name, "rb");
    if (!file || fseek(file, 0, SEEK_END))
        exit(2);
    *size = ftell(file);
    rewind(file);
    char *all = malloc((size_t)*size + 1);
    if (!all || fread(all, 1, (size_t)*size, file) != (size_t)*size)
        exit(2);
    fclose(file);
    return all;
}

/* How many numbers were told; every row is copied, so that a step past its end is noticed. */
static long read_rows(const struct tables *tables, const char *rows, long size)
{
    struct scratch *scratch = equina_scratch(tables);
    long mentions = 0;
    for (long at = 0; at < size;) {
        int32_t count;
        memcpy(&count, rows + at, sizeof count);
        letter *row = malloc((size_t)count * sizeof *row);
        memcpy(row, rows + at + sizeof count, (size_t)count * sizeof *row);
        const int32_t *told = equina_read(scratch, row, count, 1);
        mentions += told ? told[0] : 0;
        free(row);
        at += (long)sizeof count + count * (long)sizeof *row;
    }
    equina_scratch_free(scratch);
    return mentions;
}

/* A few numbers changed. */
static void spoil(int32_t *numbers, long count)
{
    for (int i = 0; i < 3; i++) {
        int32_t *number = &numbers[rand() % count];
        *number = rand() % 2 ? *number + rand() % 5 - 2 : rand() % 20000;
    }
}

int main(int count, char **given)
{
    if (count != 4)
        return 2;
    long size, rows_size;
    char *numbers = content(given[1], &size), *rows = content(given[2], &rows_size);
    struct tables *tables = equina_tables((const int32_t *)(void *)numbers, size / 4);
    printf("%ld\n", tables ? read_rows(tables, rows, rows_size) : -1);
    equina_tables_free(tables);
    srand(1);
    for (int i = atoi(given[3]); i > 0; i--) {
        int32_t *spoilt = malloc((size_t)size);
        memcpy(spoilt, numbers, (size_t)size);
        spoil(spoilt, size / 4);
        tables = equina_tables(spoilt, size / 4);
        if (tables)
            read_rows(tables, rows, rows_size);
        equina_tables_free(tables);
        free(spoilt);
    }
    free(numbers);
    free(rows);
    return 0;
}
