"""What the forge refuses, and what it does after a push: the two hooks, in plain sh so that they need no Python.

GitHub's words are kept, so that a learner knows them when they meet them:
https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches
"""

from __future__ import annotations

# git runs `update` once for each ref, so that a refused main does not take the other branches of a push with it.
UPDATE = r"""#!/bin/sh
ref=$1 old=$2 new=$3

say() { printf '%s\n' "$@" >&2; }
protected() { say "error: GH006: Protected branch update failed for $ref." "error: $1" ""; }
is_zero() { case $1 in *[!0]*) return 1 ;; *) return 0 ;; esac; }

case $ref in
refs/heads/main)
    if is_zero "$new"; then
        protected "Cannot delete this branch."
        say "main is where everybody's work comes together, so it stays." \
            "To delete a branch of your own: git push origin --delete BRANCH"
    elif ! is_zero "$old" && ! git merge-base --is-ancestor "$old" "$new"; then
        protected "Cannot force-push to this branch."
        say "Commits on main belong to everybody; a force push would drop some of them." \
            "To take your work to main, put it on top of what is there, on a branch:" \
            "  git switch -c my-change" \
            "  git fetch origin" \
            "  git rebase origin/main" \
            "  git push -u origin my-change" \
            "  ninesteps pr create --fill"
    else
        protected "Changes must be made through a pull request."
        say "Your commits are safe in your clone. Take them to main through a pull request:" \
            "  git switch -c my-change" \
            "  git push -u origin my-change" \
            "  ninesteps pr create --fill" \
            "Then put your own main back: git branch -f main origin/main"
    fi
    exit 1
    ;;
refs/heads/[Mm][Aa][Ii][Nn])
    say "error: $ref differs from main in capitals only." \
        "Some disks can't tell the two apart, so this name is not free. Choose another: git branch -m NEW-NAME"
    exit 1
    ;;
refs/heads/* | refs/tags/* | refs/notes/*)
    exit 0
    ;;
refs/pull/*)
    say "error: deny updating a hidden ref: $ref" \
        "A pull request's ref follows its branch. Push the branch, and the pull request moves along:" \
        "  git push origin BRANCH"
    exit 1
    ;;
refs/forge/*)
    say "error: deny updating a hidden ref: $ref" \
        "The forge's log is written by the forge alone. Nothing to do here: push your branch instead."
    exit 1
    ;;
refs/starter/*)
    say "error: deny updating a hidden ref: $ref" \
        "This marks where the exercise began. To begin again and keep your work aside: ninesteps reset STEP"
    exit 1
    ;;
*)
    say "error: deny updating a hidden ref: $ref" \
        "The forge takes branches (refs/heads/NAME) and tags (refs/tags/NAME). Push yours by its name:" \
        "  git push origin BRANCH"
    exit 1
    ;;
esac
"""

# `forge/open-pulls` holds one line for each open pull request: its number and its branch. Where a commit has workflows, a
# note in `forge/inbox` tells of the push (see `inbox`), and the process that reads it is started, apart from this one.
POST_RECEIVE = r"""#!/bin/sh
here=$(cd "${GIT_DIR:-.}" && pwd)
forge=$here/forge
pulls=$forge/open-pulls
notes=
is_zero() { case $1 in *[!0]*) return 1 ;; *) return 0 ;; esac; }
say() { printf '%s\n' "$@" >&2; }
has_workflows() { git ls-tree --name-only "$1" .github/workflows/ 2>/dev/null | grep -q '\.ya\{0,1\}ml$'; }

while read -r old new ref; do
    number=
    case $ref in refs/heads/* | refs/tags/*) ;; *) continue ;; esac
    is_zero "$new" && continue # the pull request of a deleted branch stays where it is
    case $ref in refs/heads/*)
        branch=${ref#refs/heads/}
        if [ -f "$pulls" ]; then
            while read -r one its_branch; do
                [ "$its_branch" = "$branch" ] && number=$one
            done <"$pulls"
        fi
        if [ -n "$number" ]; then
            git update-ref "refs/pull/$number/head" "$ref"
        elif is_zero "$old"; then
            say "" "Create a pull request for '$branch':" "  ninesteps pr create --fill" ""
        fi
        ;;
    esac
    has_workflows "$new" && notes="${notes}push $old $new $ref ${number:--}
"
done
[ -n "$notes" ] && [ "$NINESTEPS_CI" != off ] || exit 0

note=$(mktemp "$forge/inbox/.XXXXXXXX") && printf '%s' "$notes" >"$note" &&
    mv "$note" "$forge/inbox/push-${note##*/.}" || exit 0
python=$(cat "$forge/runner" 2>/dev/null)
if [ ! -x "$python" ]; then
    say "CI can't start: the course's Python is no longer where it was. \`ninesteps run list\` starts it."
    exit 0
fi
nohup "$python" -P -m graders.pipelines "$here" </dev/null >>"$forge/runner.log" 2>&1 &
say "CI looks at this push. What it starts: ninesteps run list"
if ! command -v bwrap >/dev/null && [ ! -e "$forge/told-no-sandbox" ]; then
    : >"$forge/told-no-sandbox"
    say "Your workflows run here without a sandbox; \`ninesteps doctor\` says how to get one."
fi
exit 0
"""

HOOKS = {"update": UPDATE, "post-receive": POST_RECEIVE}

# Said here so that a learner's own git settings can't change what the forge takes. `denyDeleteCurrent` and the rest are
# the hook's to answer, in our words.
SETTINGS = """
[core]
	hooksPath = hooks
[receive]
	denyDeletes = false
	denyDeleteCurrent = ignore
	denyNonFastForwards = false
	autogc = false
[gc]
	auto = 0
"""
