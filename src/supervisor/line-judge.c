/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/line-judge.h"
#include "util/alloc.h"

struct LineQuestion {
        HookAnswers answers;
        int16_t asked; /* the program that is being asked; -1: none */
};

static LineQuestion* question_of(LineJudge* judge, uint32_t number) {
        return &judge->questions[number % JUDGE_LINES_MAX];
}

static void question_clear(LineQuestion* q) {
        *q = (LineQuestion) { .asked = -1 };
}

static void questions_clear(LineJudge* judge) {
        for (uint32_t i = 0; judge->questions && i < JUDGE_LINES_MAX; i++)
                question_clear(&judge->questions[i]);
}

static void note_answer(HookAnswers* answers, int program, HookAnswer answer) {
        uint16_t bit = (uint16_t) (1U << program);

        answers->known |= bit;
        if (answer == HOOK_ANSWER_BREAK)
                answers->broke |= bit;
        else if (answer == HOOK_ANSWER_FAILED)
                answers->failed |= bit;
}

static void on_answered(void* userdata, uint32_t number, HookAnswer answer) {
        LineJudge* judge = userdata;
        LineQuestion* q = question_of(judge, number);

        assert(q->asked >= 0);
        note_answer(&q->answers, q->asked, answer);
        q->asked = -1;
        /* All at once: every waking costs a look into the pipe. */
        if (!line_judge_waits(judge))
                judge->wake(judge->userdata);
}

static void on_room(void* userdata) {
        LineJudge* judge = userdata;

        if (!line_judge_waits(judge))
                judge->wake(judge->userdata);
}

void line_judge_init(LineJudge* judge) {
        judge->asker = (HookAsker) { .answered = on_answered, .room = on_room, .userdata = judge };
}

void line_judge_done(LineJudge* judge) {
        hook_asker_cancel(&judge->asker);
        hook_view_done(&judge->view);
        free(judge->questions);
        judge->questions = NULL;
}

void line_judge_refresh(LineJudge* judge) {
        if (judge->generation == judge->hub->hooks_generation)
                return;

        hook_asker_cancel(&judge->asker);
        hook_view_done(&judge->view);
        questions_clear(judge);
        hook_view_init(&judge->view, judge->hub->hooks, judge->node, judge->role, judge->stream);
        judge->generation = judge->hub->hooks_generation;
}

/* True: it has to be waited for. */
static bool ask(LineJudge* judge, uint32_t number, LineQuestion* q, int program, const Line* line) {
        HookProgram* p = judge->hub->programs[program];
        int r = p ? hook_program_ask(p, &judge->asker, number, judge->node, judge->stream, line->data, line->size) : -ENOTCONN;

        if (r == -EAGAIN)
                return true;
        if (r < 0) {
                note_answer(&q->answers, program, HOOK_ANSWER_FAILED);
                return false;
        }
        q->asked = (int16_t) program;
        return true;
}

bool line_judge(LineJudge* judge, unsigned ahead, const Line* line, HookVerdict* ret) {
        uint32_t number = judge->first + ahead;
        LineQuestion none;
        LineQuestion* q = &none;

        question_clear(&none);
        if (judge->questions)
                q = question_of(judge, number);
        if (q->asked >= 0)
                return false;

        for (;;) {
                hook_view_judge(&judge->view, line->data, line->size, &q->answers, ret);
                if (ret->asks < 0)
                        return true;
                if (!judge->questions) {
                        judge->questions = xcalloc(JUDGE_LINES_MAX, sizeof(*judge->questions));
                        questions_clear(judge);
                        q = question_of(judge, number);
                }
                if (ask(judge, number, q, ret->asks, line))
                        return false;
        }
}

void line_judge_commit(LineJudge* judge, const HookVerdict* verdict) {
        static const HookAnswers no_answers = {};
        LineQuestion* q = judge->questions ? question_of(judge, judge->first) : NULL;

        if (verdict->n_applied > 0)
                hook_view_count(&judge->view, verdict, q ? &q->answers : &no_answers);
        if (q)
                question_clear(q);
        judge->first++;
}
