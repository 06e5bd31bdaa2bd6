;;; bench.el --- A terminal of one kind in Emacs, to be measured  -*- lexical-binding: t; byte-compile-docstring-max-column: 120 -*-

;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; bench.py starts Emacs with this file and types.  BENCH_KIND says which terminal, BENCH_FLOOD a command that runs in a
;; window of its own, BENCH_COMMAND what runs in the window that is typed into.

;;; Code:

(setq inhibit-startup-screen t ring-bell-function #'ignore make-backup-files nil)
(menu-bar-mode -1)

(defun bench-open (kind name command)
  "Run COMMAND of a shell in a terminal of KIND, in a buffer called NAME in the selected window."
  (pcase kind
    ("orchflow"
     (require 'orchflow)
     (setq orchflow-ask-before-killing nil)
     (orchflow-start (list "/bin/sh" "-c" command) name))
    ("term"
     (require 'term)
     (setq-default term-buffer-maximum-size 10000)
     (switch-to-buffer (make-term name "/bin/sh" nil "-c" command))
     (term-mode)
     (term-char-mode))
    ("vterm"
     (require 'vterm)
     (setq vterm-max-scrollback 10000)
     (let ((vterm-shell (format "/bin/sh -c %s" (shell-quote-argument command))))
       (vterm name)))))

(let ((kind (getenv "BENCH_KIND")) (flood (getenv "BENCH_FLOOD")))
  (unless (equal flood "")
    (split-window-right)
    (bench-open kind "flood" flood)
    (other-window 1))
  (bench-open kind "typed" (getenv "BENCH_COMMAND")))

;;; bench.el ends here
