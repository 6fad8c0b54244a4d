# Shell functions that several attempts share. Each stands in the learner's clone; $MINE is the ticket's parameter.

# The two commits of the ticket, as they are before main's move is known.
change() { cp "$GIVEN/routes_mine" widgets/routes.py && git commit -q -a -m "${1:-List widgets by $MINE}"; }
test_it() { cp "$GIVEN/test_mine" "tests/test_$MINE.py" && git add tests && git commit -q -m "${1:-Test the list by $MINE}"; }
feature() { git switch -q -c "${1:-feature}" && change && test_it; }

# The same two on top of the moved main.
both() { cp "$GIVEN/routes_both" widgets/routes.py && git commit -q -a -m "${1:-List widgets by $MINE}"; }
branch_off_main() { git fetch -q origin && git switch -q -c "${1:-feature}" --no-track origin/main; }
late_feature() { branch_off_main "${1:-feature}" && both && test_it; }

# Rebase, and mend the one conflict so that both filters work.
rebase() { git fetch -q origin && { git rebase -q "${@:-origin/main}" || mend; }; }
mend() { cp "$GIVEN/routes_both" widgets/routes.py && git add widgets && git rebase --continue; }

push() { git push -q -u origin HEAD; }
pull_request() { push && ninesteps pr create --title "${1:-List widgets by $MINE}" --body "Asked for in the ticket."; }

# An origin that is a plain host instead of the forge: branches, and the refs of pull requests as GitHub publishes them.
plain_origin() {
  git init -q --bare ../host.git
  git fetch -q origin
  git push -q ../host.git origin/main:refs/heads/main
  git remote set-url origin ../host.git
}
host() { git --git-dir=../host.git "$@"; }
pull_request_on_host() { push && host update-ref "refs/pull/${1:-1}/head" "$(git rev-parse HEAD)"; }

# The forge's own repository, past its hooks.
forge() { git --git-dir=../origin.git "$@"; }
