/* Reads rows of letters and texts with given tables and words, then rows with tables and texts with words spoilt at random: built with
 * the compiler's guards, it stops at the first step outside its memory. Arguments: a file of tables, one of rows (how many letters,
 * then they), how many tables to spoil; files of words, of the ends of their numbers, of pages of characters (the number, then the
 * kinds), and of texts (how many characters, of how many bytes, then they). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

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
    struct scratch *scratch = equina_scratch(tables, NULL);
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

/* A file that is told: how long, and what it holds. */
struct file {
    char *content;
    long size;
};

static struct file file(const char *name)
{
    struct file read;
    read.content = content(name, &read.size);
    return read;
}

static long read_text(struct scratch *scratch, const char *text, int32_t count, int32_t width)
{
    const int32_t *told;
    char *copy = calloc((size_t)count * (size_t)width + 1, 1); /* one zero behind it, as the library is given */
    memcpy(copy, text, (size_t)count * (size_t)width);
    if (equina_looks((const uint8_t *)copy, (int64_t)count * width) > SEES_ALL)
        abort();
    copy = realloc(copy, (size_t)count * (size_t)width + 1); /* so that a step past its end is noticed */
    struct seen seen;
    if (width == 1 && equina_written(scratch, (const uint8_t *)copy, count, &seen) > INT32_MAX)
        abort();
    int64_t found = equina_note(scratch, copy, count, width, IS_MESSAGE | (count % 2 ? PLAINLY_READ : 0), &told);
    if (found == WANTS_LETTERS) {
        letter *letters = calloc((size_t)told[0] / 3, sizeof *letters);
        found = equina_answered(scratch, letters, told[0] / 3, IS_MESSAGE, &told);
        free(letters);
    }
    free(copy);
    return found > 0 ? (long)found : 0;
}

/* The same of texts, a scratch for all. */
static long read_texts(const struct tables *tables, const struct words *words, struct file pages, struct file texts)
{
    struct scratch *scratch = equina_scratch(tables, words);
    long mentions = 0;
    for (long at = 0; at < pages.size; at += 4 + PAGE) {
        int32_t number;
        memcpy(&number, pages.content + at, sizeof number);
        equina_page(scratch, (uint32_t)number, (const uint8_t *)pages.content + at + 4);
    }
    uint8_t small[PAGE];
    for (int i = 0; i < PAGE; i++)
        small[i] = (uint8_t)i;
    for (long at = 0; at < pages.size; at += 4 + PAGE)
        if (!memcmp(pages.content + at, "\0\0\0", 4))
            equina_latin(scratch, (const uint8_t *)pages.content + at + 4, small);
    for (long at = 0; at < texts.size;) {
        int32_t given[2];
        memcpy(given, texts.content + at, sizeof given);
        at += (long)sizeof given;
        mentions += read_text(scratch, texts.content + at, given[0], given[1]);
        at += (long)given[0] * given[1];
    }
    equina_scratch_free(scratch);
    return mentions;
}

static void read_with_words(const struct tables *tables, struct file numbers, struct file ends, struct file pages, struct file texts, int spoilt)
{
    for (int i = 0; i <= spoilt; i++) {
        int32_t *copy = malloc((size_t)numbers.size);
        memcpy(copy, numbers.content, (size_t)numbers.size);
        if (i)
            spoil(copy, numbers.size / 4);
        struct words *words = equina_words(tables, copy, numbers.size / 4, (const double *)(void *)ends.content, ends.size / 8);
        long mentions = words ? read_texts(tables, words, pages, texts) : 0;
        if (!i)
            printf("%ld\n", mentions);
        equina_words_free(words);
        free(copy);
    }
}

int main(int count, char **given)
{
    if (count != 8)
        return 2;
    long size, rows_size;
    char *numbers = content(given[1], &size), *rows = content(given[2], &rows_size);
    struct tables *tables = equina_tables((const int32_t *)(void *)numbers, size / 4);
    printf("%ld\n", tables ? read_rows(tables, rows, rows_size) : -1);
    srand(1);
    struct file words = file(given[4]), ends = file(given[5]), pages = file(given[6]), texts = file(given[7]);
    if (tables)
        read_with_words(tables, words, ends, pages, texts, atoi(given[3]));
    equina_tables_free(tables);
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
    free(words.content);
    free(ends.content);
    free(pages.content);
    free(texts.content);
    return 0;
}
