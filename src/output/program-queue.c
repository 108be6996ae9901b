/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "output/program-queue.h"
#include "util/alloc.h"

/* Shares of the timeout: an answer that took less than the first lets the window grow, one that took more than the second
 * makes it smaller. */
#define SOON 4U
#define LATE 2U

#define WINDOW_FIRST 1U

struct HookQuestion {
        HookAsker* asker; /* weak; NULL: does not want to know any more */
        uint32_t number;
        unsigned depth; /* questions under way when it was asked, itself among them */
        size_t size;
        uint64_t end; /* of its bytes, among all that were ever asked */
        usec_t asked;
        TAILQ_ENTRY(HookQuestion) entry;
        LIST_ENTRY(HookQuestion) of_asker;
};

struct HookWait {
        ProgramQueue* queue; /* weak */
        HookAsker* asker;    /* weak */
        size_t size;         /* of the question that there was no room for */
        bool told;           /* that there is room, so it is among the granted ones */
        usec_t told_at;
        unsigned granted; /* questions that it may ask */
        TAILQ_ENTRY(HookWait) entry;
        LIST_ENTRY(HookWait) of_asker;
};

void program_queue_init(ProgramQueue* q, usec_t timeout, void (*kick)(void* userdata), void* userdata) {
        *q = (ProgramQueue) { .timeout = timeout, .window = WINDOW_FIRST, .kick = kick, .userdata = userdata };
        TAILQ_INIT(&q->asked);
        TAILQ_INIT(&q->waiting);
        TAILQ_INIT(&q->granted);
}

void program_queue_done(ProgramQueue* q) {
        assert(TAILQ_EMPTY(&q->asked) && TAILQ_EMPTY(&q->waiting) && TAILQ_EMPTY(&q->granted));
        free(q->unsent);
        *q = (ProgramQueue) {};
}

/* ---- who waits ---- */

static void wait_unlink(HookWait* w) {
        ProgramQueue* q = w->queue;

        if (w->told)
                TAILQ_REMOVE(&q->granted, w, entry);
        else {
                TAILQ_REMOVE(&q->waiting, w, entry);
                q->n_waiting--;
        }
        q->n_granted -= w->granted;
        w->granted = 0;
        w->told = false;
        if (q->serving == w)
                q->serving = NULL;
}

static HookWait* wait_free(HookWait* w) {
        if (!w)
                return NULL;
        wait_unlink(w);
        LIST_REMOVE(w, of_asker);
        free(w);
        return NULL;
}

static void wait_link(HookWait* w, bool first) {
        ProgramQueue* q = w->queue;

        if (first)
                TAILQ_INSERT_HEAD(&q->waiting, w, entry);
        else
                TAILQ_INSERT_TAIL(&q->waiting, w, entry);
        q->n_waiting++;
}

static HookWait* find_wait(const ProgramQueue* q, const HookAsker* asker) {
        HookWait* w;

        LIST_FOREACH(w, &asker->waits, of_asker)
                if (w->queue == q)
                        return w;
        return NULL;
}

static int wait_for_room(ProgramQueue* q, HookAsker* asker, HookWait* w, size_t size) {
        if (w && w->told) {
                bool has_asked = q->serving == w;

                /* It was its turn, and the line is too long: shorter ones must not get ahead of it for ever. */
                wait_unlink(w);
                wait_link(w, !has_asked);
        } else if (!w) {
                w = xnew0(HookWait);
                w->queue = q;
                w->asker = asker;
                LIST_INSERT_HEAD(&asker->waits, w, of_asker);
                wait_link(w, false);
        }
        w->size = size;
        return -EAGAIN;
}

void hook_asker_cancel(HookAsker* asker) {
        HookQuestion* question;
        HookWait* w;

        while ((question = LIST_FIRST(&asker->questions))) {
                LIST_REMOVE(question, of_asker);
                question->asker = NULL; /* it is answered all the same, and the next answer is for the next */
        }
        asker->n_asked = 0;
        while ((w = LIST_FIRST(&asker->waits))) {
                ProgramQueue* q = w->queue;

                wait_free(w);
                if (q->n_waiting > 0)
                        q->kick(q->userdata);
        }
}

static bool bytes_fit(const ProgramQueue* q, size_t size) {
        return q->n_asked == 0 || q->bytes_asked + size <= HOOK_QUESTIONS_BYTES_MAX;
}

/* Questions that may be asked by those for whom nothing is kept. */
static unsigned free_places(const ProgramQueue* q) {
        unsigned taken = q->n_asked + q->n_granted;

        return taken < q->window ? q->window - taken : 0;
}

/* Whoever was told and has begun to ask has done so in one go: what it left is free when somebody else has a turn. */
static void end_service(ProgramQueue* q, const HookWait* but) {
        if (q->serving && q->serving != but)
                q->serving = wait_free(q->serving);
}

static void drop_those_who_do_not_come(ProgramQueue* q, usec_t now) {
        HookWait* w;

        while ((w = TAILQ_FIRST(&q->granted)) && saturating_add_u64(w->told_at, q->timeout) <= now)
                wait_free(w);
}

static void grant(HookWait* w, unsigned n, usec_t now) {
        ProgramQueue* q = w->queue;
        HookAsker* asker = w->asker;

        wait_unlink(w);
        w->granted = n;
        w->told = true;
        w->told_at = now;
        TAILQ_INSERT_TAIL(&q->granted, w, entry);
        q->n_granted += n;
        asker->room(asker->userdata);
}

void program_queue_give_room(ProgramQueue* q, usec_t now) {
        unsigned left = 0, share = 0, n;
        HookWait* w;

        end_service(q, NULL);
        drop_those_who_do_not_come(q, now);
        while ((w = TAILQ_FIRST(&q->waiting)) && (n = free_places(q)) > 0 && bytes_fit(q, w->size)) {
                /* In rounds; who has not had enough waits for the next one. */
                if (left == 0) {
                        left = q->n_waiting;
                        share = n / left + (n < left);
                }
                left--;
                grant(w, (unsigned) min_size(n, share), now);
        }
}

usec_t program_queue_patience(const ProgramQueue* q) {
        const HookWait* oldest = TAILQ_FIRST(&q->granted);

        return oldest && q->n_waiting > 0 ? saturating_add_u64(oldest->told_at, q->timeout) : USEC_INFINITY;
}

/* ---- questions ---- */

/* Makes room for so many more bytes behind the end. */
static void reserve(ProgramQueue* q, size_t size) {
        if (q->begin > 0 && q->end + size > q->allocated) {
                memmove(q->unsent, q->unsent + q->begin, q->end - q->begin);
                q->end -= q->begin;
                q->begin = 0;
        }
        if (q->end + size > q->allocated) {
                q->allocated = 2 * (q->end + size);
                q->unsent = xreallocarray(q->unsent, q->allocated, 1);
        }
}

static void add_question(ProgramQueue* q, HookAsker* asker, uint32_t number, size_t size, usec_t now) {
        HookQuestion* question = xnew0(HookQuestion);

        q->bytes_asked += size;
        q->total_asked += size;
        *question = (HookQuestion) {
                .asker = asker,
                .number = number,
                .depth = ++q->n_asked,
                .size = size,
                .end = q->total_asked,
                .asked = now,
        };
        TAILQ_INSERT_TAIL(&q->asked, question, entry);
        LIST_INSERT_HEAD(&asker->questions, question, of_asker);
        asker->n_asked++;
}

int program_queue_ask(ProgramQueue* q, HookAsker* asker, uint32_t number, const char* node, Stream stream, const void* line,
                      size_t size, usec_t now) {
        size_t bytes = program_question_size(node, stream, size);
        HookWait* w = find_wait(q, asker);
        bool is_its_turn = w && w->told;

        end_service(q, w);
        if (!bytes_fit(q, bytes) || (!is_its_turn && (q->n_waiting > 0 || free_places(q) == 0)))
                return wait_for_room(q, asker, w, bytes);
        if (is_its_turn) {
                q->serving = w;
                q->n_granted--;
                if (--w->granted == 0)
                        wait_free(w);
        }

        reserve(q, bytes);
        program_question_write(q->unsent + q->end, node, stream, line, size);
        q->end += bytes;
        add_question(q, asker, number, bytes, now);
        return 0;
}

const char* program_queue_unsent(const ProgramQueue* q, size_t* ret_size) {
        *ret_size = q->end - q->begin;
        return *ret_size > 0 ? q->unsent + q->begin : NULL;
}

static void drop_unsent(ProgramQueue* q) {
        q->total_sent = q->total_asked;
        q->begin = q->end = 0;
        /* after a very long line */
        if (q->allocated > 2 * HOOK_QUESTIONS_BYTES_MAX) {
                free(take_ptr(q->unsent));
                q->allocated = 0;
        }
}

void program_queue_sent(ProgramQueue* q, size_t size) {
        assert(size <= q->end - q->begin);
        q->begin += size;
        q->total_sent += size;
        if (q->begin == q->end)
                drop_unsent(q);
}

/* ---- answers ---- */

static void tell(HookQuestion* question, HookAnswer answer) {
        HookAsker* asker = question->asker;
        uint32_t number = question->number;

        if (asker) {
                LIST_REMOVE(question, of_asker);
                asker->n_asked--;
        }
        free(question);
        if (asker)
                asker->answered(asker->userdata, number, answer);
}

static void adjust_window(ProgramQueue* q, const HookQuestion* question, usec_t now) {
        usec_t took = now - min_u64(question->asked, now);

        q->settling -= q->settling > 0;
        if (took <= q->timeout / SOON) {
                /* as long as it is the window that keeps us from asking more */
                if (question->depth >= q->window / 2 && q->window < HOOK_QUESTIONS_MAX)
                        q->window++;
        } else if (took > q->timeout / LATE && q->settling == 0) {
                q->window = (unsigned) min_size(q->window, q->n_asked) / 2;
                q->window += q->window == 0;
                q->settling = q->n_asked;
        }
}

static int take_answer(ProgramQueue* q, HookAnswer answer, usec_t now, char** ret_fault) {
        HookQuestion* question = TAILQ_FIRST(&q->asked);

        if (!question || question->end > q->total_sent) {
                *ret_fault = xstrdup("gave more answers than there were questions");
                return -EBADMSG;
        }
        adjust_window(q, question, now);
        TAILQ_REMOVE(&q->asked, question, entry);
        q->n_asked--;
        q->bytes_asked -= question->size;
        tell(question, answer);
        return 0;
}

int program_queue_answered(ProgramQueue* q, const void* data, size_t size, usec_t now, char** ret_fault) {
        const char* p = data;

        while (size > 0) {
                size_t taken;
                ProgramAnswer answer = answer_reader_next(&q->reader, p, size, &taken);
                int r = 0;

                p += taken;
                size -= taken;
                if (answer == PROGRAM_ANSWER_GARBAGE) {
                        _cleanup_free_ char* quote = answer_reader_quote(&q->reader, p, size);

                        *ret_fault = xasprintf("answered neither \"pass\" nor \"break\" but \"%s\"", quote);
                        return -EBADMSG;
                }
                if (answer != PROGRAM_ANSWER_NONE)
                        r = take_answer(q, answer == PROGRAM_ANSWER_BREAK ? HOOK_ANSWER_BREAK : HOOK_ANSWER_PASS, now,
                                        ret_fault);
                if (r < 0)
                        return r;
        }
        return 0;
}

usec_t program_queue_deadline(const ProgramQueue* q) {
        const HookQuestion* oldest = TAILQ_FIRST(&q->asked);

        return oldest ? saturating_add_u64(oldest->asked, q->timeout) : USEC_INFINITY;
}

void program_queue_excuse(ProgramQueue* q, usec_t now) {
        HookQuestion* question;

        TAILQ_FOREACH(question, &q->asked, entry)
                question->asked = now;
}

/* Everybody who waits finds out by asking. */
static void wake_all(ProgramQueue* q) {
        HookWait* w;

        while ((w = TAILQ_FIRST(&q->granted)))
                wait_free(w);
        for (unsigned n = q->n_waiting; n > 0 && (w = TAILQ_FIRST(&q->waiting)); n--) {
                HookAsker* asker = w->asker;

                wait_free(w);
                asker->room(asker->userdata);
        }
}

unsigned program_queue_pass(ProgramQueue* q) {
        HookQuestion* question;
        unsigned n_told = 0;

        TAILQ_FOREACH(question, &q->asked, entry)
                if (question->asker) {
                        HookAsker* asker = question->asker;

                        LIST_REMOVE(question, of_asker);
                        question->asker = NULL;
                        asker->n_asked--;
                        asker->answered(asker->userdata, question->number, HOOK_ANSWER_FAILED);
                        n_told++;
                }
        wake_all(q);
        return n_told;
}

unsigned program_queue_fail(ProgramQueue* q) {
        unsigned n_told = program_queue_pass(q);
        HookQuestion* question;

        while ((question = TAILQ_FIRST(&q->asked))) {
                TAILQ_REMOVE(&q->asked, question, entry);
                free(question);
        }
        q->n_asked = 0;
        q->bytes_asked = 0;
        q->window = WINDOW_FIRST;
        q->settling = 0;
        q->reader = (AnswerReader) {};
        drop_unsent(q);
        return n_told;
}
