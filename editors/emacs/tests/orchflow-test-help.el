;;; orchflow-test-help.el --- Programs in terminals, for tests  -*- lexical-binding: t; byte-compile-docstring-max-column: 120 -*-

;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; Tests wait for what they want to see, in Emacs's loop, and never for a time.  A test that waits in vain is ended by
;; `orchflow-test-patience', which is far above what any of them takes.

;;; Code:

(require 'ert)
(require 'cl-lib)
(require 'orchflow)

(defconst orchflow-test-patience 120 "Seconds after which a test is given up.  Not a deadline to test against.")

(setq orchflow-ask-before-killing nil)

(defun orchflow-test-await (what holds)
  "Let the loop run until HOLDS returns non-nil, and return that; WHAT says what is waited for."
  (let ((give-up-at (+ (float-time) orchflow-test-patience)) found)
    (while (not (setq found (funcall holds)))
      (when (> (float-time) give-up-at)
        (ert-fail (format "waited in vain for %s; the buffer:\n%s" what (buffer-string))))
      ;; Timers do not end this call.
      (accept-process-output nil 0.02))
    found))

(defun orchflow-test-shows (text)
  "Wait until the buffer shows TEXT."
  (orchflow-test-await text (lambda () (save-excursion (goto-char (point-min)) (search-forward text nil t)))))

(defmacro orchflow-test-with (command &rest body)
  "Run BODY in the buffer of a terminal with COMMAND of a shell; the buffer is killed afterwards."
  (declare (indent 1))
  `(let ((buffer (save-window-excursion (orchflow-start (list "/bin/sh" "-c" ,command)))))
     (unwind-protect
         (with-current-buffer buffer ,@body)
       (when (buffer-live-p buffer) (kill-buffer buffer)))))

(defun orchflow-test-screen ()
  "The rows of the screen, without blanks at their ends."
  (mapcar (lambda (row) (string-trim-right row " +"))
          (split-string (buffer-substring-no-properties orchflow-render--screen (point-max)) "\n")))

(defun orchflow-test-history ()
  "The rows of the scrollback."
  (split-string (buffer-substring-no-properties (point-min) orchflow-render--screen) "\n" t))

(defun orchflow-test-lines (first last)
  "What seq writes from FIRST to LAST."
  (mapcar #'number-to-string (number-sequence first last)))

(defun orchflow-test-another-program ()
  "Wait for the end of a program that takes a second, one of Emacs itself."
  (let ((process (start-process "sleep" nil "sleep" "1")))
    (orchflow-test-await "another program's end" (lambda () (not (process-live-p process))))))

(provide 'orchflow-test-help)
;;; orchflow-test-help.el ends here
