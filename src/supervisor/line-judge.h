/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the hooks say about the lines of one stream, in the order of the lines.
 *
 * Rules answer at once. Programs answer when they do, so they are asked about many lines ahead, and what they
 * said is kept here, a few bits a line, while the lines themselves stay in the pipe; the line's turn comes when all who
 * had to be asked have answered. Whoever owns a judge is woken then. */

#include <stdbool.h>

#include "output/hook-chain.h"
#include "output/line-splitter.h"
#include "supervisor/hook-program.h"
#include "supervisor/output-hub.h"

/* Lines of one stream that programs may be asked about before the first of them has its verdict. */
#define JUDGE_LINES_MAX 256U

typedef struct LineQuestion LineQuestion;

typedef struct LineJudge {
        OutputHub* hub;   /* weak */
        const char* node; /* weak */
        unsigned role;
        Stream stream;
        void (*wake)(void* userdata);
        void* userdata;

        unsigned generation; /* of the hub's chain that the rest belongs to; 0: of none */
        HookView view;
        HookAsker asker;
        LineQuestion* questions; /* ring of JUDGE_LINES_MAX; NULL: no program was ever asked */
        uint32_t first;          /* number of the line whose turn it is */
} LineJudge;

/* Sets hub, node, role, stream, wake and userdata beforehand, and nothing else. */
void line_judge_init(LineJudge* judge);
void line_judge_done(LineJudge* judge);

/* Waits for programs: nothing new can be learned before wake(). */
static inline bool line_judge_waits(const LineJudge* judge) {
        return judge->asker.n_asked > 0;
}

/* Other hooks may be in force since the last turn; what was asked of the old ones is void then. To be called at the
 * beginning of a turn. */
void line_judge_refresh(LineJudge* judge);

/* Judges the line that lies `ahead` lines behind the one whose turn it is. True: the verdict is final. False: programs have
 * been asked, or have no room for a question now. With ahead > 0 the result is of no use but for having asked. */
bool line_judge(LineJudge* judge, unsigned ahead, const Line* line, HookVerdict* ret);

/* The line whose turn it was went where its verdict, the last one that was made, says. */
void line_judge_commit(LineJudge* judge, const HookVerdict* verdict);
