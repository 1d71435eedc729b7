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

/* Room for what has the same size in every call. */
static bool take_block(struct scratch *scratch)
{
    size_t letters = (size_t)scratch->tables->limit + 1, findings = (size_t)scratch->tables->findings + 1;
    size_t bytes[] = {
        REMEMBERED * sizeof *scratch->met,
        letters * sizeof *scratch->letter_seen,
        letters * sizeof *scratch->letter_index,
        findings * sizeof *scratch->finding_seen,
        findings * sizeof *scratch->latest,
        (size_t)scratch->tables->points.features_count * sizeof *scratch->feature_seen,
        (size_t)scratch->tables->points.count * sizeof *scratch->totals,
    }, total = 0;
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
        total += room_in_block(bytes[i]);
    if (!begin_block(&scratch->block, total))
        return false;
    scratch->met = room_of(&scratch->block, bytes[0]);
    scratch->letter_seen = room_of(&scratch->block, bytes[1]);
    scratch->letter_index = room_of(&scratch->block, bytes[2]);
    scratch->finding_seen = room_of(&scratch->block, bytes[3]);
    scratch->latest = room_of(&scratch->block, bytes[4]);
    scratch->feature_seen = room_of(&scratch->block, bytes[5]);
    scratch->totals = room_of(&scratch->block, bytes[6]);
    return true;
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
    if (scratch->pages && take_block(scratch))
        return scratch;
    equina_scratch_free(scratch);
    return NULL;
}

/* Frees what a scratch holds. */
void empty_scratch(struct scratch *scratch)
{
    struct pile *piles[] = {
        &scratch->small, &scratch->kinds, &scratch->bytes, &scratch->heads, &scratch->asked, &scratch->text, &scratch->starts,
        &scratch->ends, &scratch->pieces, &scratch->letters, &scratch->places, &scratch->candidates, &scratch->sought, &scratch->matches,
        &scratch->backs, &scratch->frames, &scratch->all, &scratch->senses, &scratch->hits, &scratch->found, &scratch->commas,
        &scratch->counts, &scratch->told, &scratch->spoken, &scratch->likely,
    };
    for (size_t i = 0; i < sizeof piles / sizeof *piles; i++)
        free(piles[i]->items);
    for (uint32_t i = 0; i < PAGES && scratch->pages; i++)
        free(scratch->pages[i]);
    free(scratch->pages);
    free(scratch->latin);
    free(scratch->tried.slots);
    free(scratch->interned.slots);
    free(scratch->block.memory);
}

void equina_scratch_free(struct scratch *scratch)
{
    if (scratch)
        empty_scratch(scratch);
    free(scratch);
}

/* Signs of the first page that cutting asks about. */
static void mark_signs(uint8_t *kinds)
{
    kinds['?'] |= ASKS_OR_STOPS;
    kinds['.'] |= ASKS_OR_STOPS;
    kinds['\n'] |= ENDS_LINE;
}

int32_t equina_latin(struct scratch *scratch, const uint8_t *kinds, const uint8_t *small)
{
    if (!scratch->latin)
        scratch->latin = malloc(sizeof *scratch->latin);
    if (!scratch->latin)
        return false;
    memcpy(scratch->latin->kind, kinds, PAGE);
    mark_signs(scratch->latin->kind);
    memcpy(scratch->latin->small, small, PAGE);
    return true;
}

int32_t equina_page(struct scratch *scratch, uint32_t number, const uint8_t *kinds)
{
    struct page *page = number < PAGES && !scratch->pages[number] ? malloc(sizeof *page) : NULL;
    if (page) {
        memcpy(page->kind, kinds, PAGE);
        if (!number)
            mark_signs(page->kind);
        scratch->pages[number] = page;
    }
    return page != NULL;
}
