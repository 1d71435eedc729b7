/* What one call works with: arrays that stay from call to call and grow when they must. */
#include <stdlib.h>
#include <string.h>

#include "text.h"

void *grown(struct scratch *scratch, struct pile *pile, size_t size)
{
    size_t room = pile->room ? 2 * pile->room : 64;
    void *items = room > SIZE_MAX / size ? NULL : realloc(pile->items, room * size);
    if (!items) {
        scratch->failed = true;
        return NULL;
    }
    pile->items = items;
    pile->room = room;
    return items;
}

/* A scratch for these tables, which must outlive it; NULL without memory. */
struct scratch *equina_scratch(const struct tables *tables, const struct words *words)
{
    struct scratch *scratch = calloc(1, sizeof *scratch);
    if (!scratch)
        return NULL;
    scratch->tables = tables;
    scratch->words = words;
    scratch->pages = calloc(PAGES, sizeof *scratch->pages);
    scratch->met = aligned_alloc(LINE, REMEMBERED * sizeof *scratch->met);
    if (scratch->met)
        memset(scratch->met, 0, REMEMBERED * sizeof *scratch->met);
    scratch->letter_seen = calloc(tables->limit + 1, sizeof *scratch->letter_seen);
    scratch->letter_index = calloc(tables->limit + 1, sizeof *scratch->letter_index);
    scratch->wanted = calloc(words_of(tables->wanted_count), sizeof *scratch->wanted);
    scratch->finding_seen = calloc(tables->findings + 1, sizeof *scratch->finding_seen);
    scratch->latest = calloc(tables->findings + 1, sizeof *scratch->latest);
    if (scratch->pages && scratch->met && scratch->letter_seen && scratch->letter_index && scratch->wanted && scratch->finding_seen && scratch->latest)
        return scratch;
    equina_scratch_free(scratch);
    return NULL;
}

/* Frees what a scratch holds. */
void empty_scratch(struct scratch *scratch)
{
    struct pile *piles[] = {&scratch->small, &scratch->kinds, &scratch->heads, &scratch->asked, &scratch->text, &scratch->starts, &scratch->ends, &scratch->letters, &scratch->places, &scratch->candidates, &scratch->matches, &scratch->backs, &scratch->frames,
                            &scratch->all, &scratch->senses, &scratch->hits, &scratch->found, &scratch->commas, &scratch->counts, &scratch->told};
    for (size_t i = 0; i < sizeof piles / sizeof *piles; i++)
        free(piles[i]->items);
    for (uint32_t i = 0; i < PAGES && scratch->pages; i++)
        free(scratch->pages[i]);
    free(scratch->pages);
    free(scratch->latin);
    free(scratch->met);
    free(scratch->tried.slots);
    free(scratch->interned.slots);
    free(scratch->letter_seen);
    free(scratch->letter_index);
    free(scratch->wanted);
    free(scratch->finding_seen);
    free(scratch->latest);
}

void equina_scratch_free(struct scratch *scratch)
{
    if (scratch)
        empty_scratch(scratch);
    free(scratch);
}

int32_t equina_latin(struct scratch *scratch, const uint8_t *kinds, const uint8_t *small)
{
    if (!scratch->latin)
        scratch->latin = malloc(sizeof *scratch->latin);
    if (!scratch->latin)
        return false;
    memcpy(scratch->latin->kind, kinds, PAGE);
    memcpy(scratch->latin->small, small, PAGE);
    return true;
}

int32_t equina_page(struct scratch *scratch, uint32_t number, const uint8_t *kinds)
{
    struct page *page = number < PAGES && !scratch->pages[number] ? malloc(sizeof *page) : NULL;
    if (page) {
        memcpy(page->kind, kinds, PAGE);
        scratch->pages[number] = page;
    }
    return page != NULL;
}
