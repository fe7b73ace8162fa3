/* The order in which objects are read: families (base before delta), then whole objects that nothing is made from, then trees, then what deltas add to trees. */
#include "walker.h"

#include <stdlib.h>

static int full(const Walker *w) { return w->look > BATCH || w->hold > BATCH_HELD; }

static int push(Walker *w, int32_t k, PyObject *data, int depth)
{
    if (w->nodes == w->node_room) {
        size_t room = w->node_room ? w->node_room * 2 : 64;
        Node *stack = realloc(w->stack, room * sizeof(Node));
        if (!stack) {
            PyErr_NoMemory();
            return RAISED;
        }
        w->stack = stack;
        w->node_room = room;
    }
    Py_XINCREF(data);
    w->stack[w->nodes].entry = k;
    w->stack[w->nodes].data = data;
    w->stack[w->nodes++].depth = depth;
    return GOOD;
}

/* Make one delta of the parent at hand. */
static int make(Walker *w, int32_t child)
{
    PyObject *data = NULL;
    int32_t parent = w->parent.entry;
    int near = !small(&w->marks, parent);
    Delta delta;
    w->ranges.count = 0;
    int answer = troth_delta(w, child, w->parent.data, near ? &w->ranges : NULL, &delta), leaf = link_of(w, &w->first, child) < 0;
    near = near && answer == GOOD && delta.size > 2 * w->margin;
    if (answer == GOOD && near && leaf) {
        int done = troth_take_parts(w, child, parent, w->family_kind, &delta, &w->ranges);
        if (done != 1)
            return done;
    }
    if (answer == GOOD)
        answer = troth_result(&delta, &data);
    if (answer == TOO_LARGE || answer == DAMAGED)
        return troth_event(w, child, answer == DAMAGED ? CORRUPT : TOO_LARGE, answer == DAMAGED, BOTH);
    if (answer == GOOD) {
        int64_t size = delta.size;
        answer = troth_take(w, child, parent, w->family_kind, data, near ? &w->ranges : NULL);
        if (answer == GOOD && !leaf) {
            int keep = w->held + size <= w->held_bytes;
            w->held += keep ? size : 0;
            answer = push(w, child, keep ? data : NULL, w->parent.depth + 1);
        }
    }
    Py_XDECREF(data);
    return answer;
}

/* Make the next object of which deltas are made the parent at hand. */
static int next_parent(Walker *w)
{
    Node node = w->stack[--w->nodes];
    int answer = GOOD;
    if (node.data)
        w->held -= (int64_t)PyBytes_Size(node.data);
    else
        answer = troth_rebuild(w, node.entry, &node.data);
    if (answer == DAMAGED)
        return troth_event(w, node.entry, CORRUPT, 1, BELOW);
    if (answer == RAISED)
        return RAISED;
    if (node.depth > w->depth_limit || w->expanded > w->expanded_bytes) {
        int deep = node.depth > w->depth_limit;
        Py_DECREF(node.data);
        return troth_event(w, node.entry, deep ? TOO_DEEP : OVER_BUDGET, deep, BELOW);
    }
    w->parent = node;
    w->child = link_of(w, &w->first, node.entry);
    return GOOD;
}

static int family(Walker *w, int32_t root)
{
    PyObject *data = NULL;
    int answer = troth_entry(w, root, &data);
    if (answer == DAMAGED)
        return troth_event(w, root, CORRUPT, 1, BOTH);
    if (answer == GOOD) {
        w->family_kind = small(&w->kind, root);
        w->held = (int64_t)PyBytes_Size(data);
        answer = troth_take(w, root, -1, w->family_kind, data, NULL);
        if (answer == GOOD)
            answer = push(w, root, data, 1);
    }
    Py_XDECREF(data);
    return answer;
}

/* One step among families: a delta, the next parent, or the next root. Answers 1 where a large root is to be streamed or everything waits for that. */
static int step(Walker *w)
{
    if (w->parent.entry >= 0) {
        int32_t child = w->child;
        if (child < 0) {
            w->parent.entry = -1;
            Py_CLEAR(w->parent.data);
            return GOOD;
        }
        w->child = link_of(w, &w->next, child);
        return small(&w->want, child) ? make(w, child) : GOOD;
    }
    if (w->nodes)
        return next_parent(w);
    int32_t root = w->roots.items[w->position];
    int64_t size = wide(&w->size, root);
    int kind = small(&w->kind, root);
    if (w->expanded + w->pending <= w->expanded_bytes && kind != TREE && size > w->object_bytes) {
        if (w->item_count)
            return 1;
        w->position++;
        w->large = root;
        return 1;
    }
    w->position++;
    if (kind < COMMIT || kind > TAG)
        return GOOD;
    if (w->expanded + w->pending > w->expanded_bytes)
        return troth_event(w, root, OVER_BUDGET, 0, BOTH);
    if (kind != TREE && link_of(w, &w->first, root) >= 0)
        return family(w, root);
    w->pending += size;
    return troth_number(kind == TREE ? &w->trees : &w->alone, root);
}

/* The next of some whole entries; those that are damaged are struck out. */
static int next_whole(Walker *w, Numbers *numbers)
{
    int32_t k = numbers->items[w->position++];
    int kind = small(&w->kind, k);
    if (kind == TREE && small(&w->want, k) != 1)
        return GOOD;
    int answer = troth_take_whole(w, k, kind);
    if (answer != DAMAGED)
        return answer;
    numbers->items[w->position - 1] = -1;
    return troth_event(w, k, CORRUPT, 1, BOTH);
}

static int ascending(const void *one, const void *other)
{
    int32_t a = *(const int32_t *)one, b = *(const int32_t *)other;
    return (a > b) - (a < b);
}

/* All wanted deltas of trees, in the order of the pack. */
static int gather(Walker *w)
{
    Numbers waiting = {NULL, 0, 0};
    int answer = GOOD;
    for (size_t i = 0; answer == GOOD && i < w->trees.count; i++)
        if (w->trees.items[i] >= 0)
            answer = troth_number(&waiting, w->trees.items[i]);
    while (answer == GOOD && waiting.count) {
        int32_t child = link_of(w, &w->first, waiting.items[--waiting.count]);
        for (; answer == GOOD && child >= 0; child = link_of(w, &w->next, child)) {
            if (!small(&w->want, child))
                continue;
            if (small(&w->want, child) == 1)
                answer = troth_number(&w->below, child);
            if (answer == GOOD && link_of(w, &w->first, child) >= 0)
                answer = troth_number(&waiting, child);
        }
    }
    free(waiting.items);
    if (answer == GOOD && w->below.count)
        qsort(w->below.items, w->below.count, sizeof(int32_t), ascending);
    return answer;
}

/* The next of the deltas of trees. */
static int next_fragment(Walker *w)
{
    int32_t k = w->below.items[w->position++];
    if (wide(&w->size, k) > w->object_bytes)
        return troth_event(w, k, CORRUPT, 1, ITSELF);
    int within = w->expanded <= w->expanded_bytes;
    int answer = within ? troth_take_fragment(w, k) : troth_scratch(w, troth_unpacks(w, k) ? wide(&w->size, k) + 1 : 1);
    if (!within && answer == GOOD) {
        if (!troth_unpacks(w, k) || troth_unpack(w, k, w->scratch))
            answer = DAMAGED;
        else
            return troth_event(w, k, OVER_BUDGET, 0, ITSELF);
    }
    return answer == DAMAGED ? troth_event(w, k, CORRUPT, 1, ITSELF) : answer;
}

static int names(Walker *w)
{
    w->names = 1;
    w->objects[TREE] += (int64_t)w->item_count;
    w->bytes[TREE] += w->look;
    w->expanded += w->look;
    return NAMES;
}

static void enter(Walker *w, int phase)
{
    w->phase = phase;
    w->position = 0;
}

/* Go on until there is something to be looked at. Answers what `fill` does, or RAISED. */
int troth_fill(Walker *w)
{
    troth_forget(w);
    for (int steps = 0; w->phase != FINISHED; steps++) {
        int answer = GOOD;
        Numbers *list = w->phase == ALONE ? &w->alone : w->phase == TREES ? &w->trees : w->phase == FRAGMENTS ? &w->below : &w->roots;
        int over = w->position >= list->count && (w->phase != FAMILIES || (w->parent.entry < 0 && !w->nodes));
        if (w->phase == GATHER) {
            if (w->item_count)
                return LOOK; /* before any names: the order of what is found does not depend on the size of batches */
            answer = gather(w);
            enter(w, FRAGMENTS);
        } else if (over) {
            if (w->phase == FRAGMENTS && w->item_count)
                return names(w);
            enter(w, w->phase + 1);
        } else if (w->phase == FAMILIES) {
            answer = step(w);
            if (answer == 1)
                return w->item_count ? LOOK : LARGE;
        } else if (w->phase == FRAGMENTS) {
            answer = next_fragment(w);
            if (answer == GOOD && w->look > NAMES_BATCH)
                return names(w);
        } else {
            answer = next_whole(w, list);
        }
        if (answer == RAISED)
            return RAISED;
        if (w->phase != FRAGMENTS && (full(w) || steps > STEPS))
            return LOOK;
    }
    return DONE;
}
