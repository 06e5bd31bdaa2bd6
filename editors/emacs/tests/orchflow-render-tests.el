;;; orchflow-render-tests.el --- Buffers show what the engine has  -*- lexical-binding: t; byte-compile-docstring-max-column: 120 -*-

;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; The engine itself is the judge: after whatever a program has written, the rows of the buffer are those that the
;; engine has, of the screen and of the scrollback.

;;; Code:

(require 'orchflow-test-help)

(defun orchflow-render-tests--engine-rows (first count)
  "COUNT rows of the engine from FIRST on."
  (cl-loop for block in (car (orchflow-module-rows (orchflow--pointer) orchflow-render--terminal first count))
           append (split-string (aref block 2) "\n")))

(defun orchflow-render-tests--trimmed (rows)
  "ROWS without blanks at their ends, which the cursor may have needed."
  (mapcar (lambda (row) (string-trim-right row " +")) rows))

(defun orchflow-render-tests--shown (first last)
  "Rows of the buffer between the positions FIRST and LAST."
  (orchflow-render-tests--trimmed (split-string (buffer-substring-no-properties first last) "\n")))

(defun orchflow-render-tests--differs ()
  "What differs between the buffer and the engine; nil if nothing does."
  (pcase-let* ((`(,_ ,_ ,_ ,_ ,history ,_ ,rows ,_)
                (orchflow-module-terminal-state (orchflow--pointer) orchflow-render--terminal))
               (screen (orchflow-render-tests--trimmed (orchflow-render-tests--engine-rows 0 rows)))
               (shown (orchflow-render-tests--shown orchflow-render--screen (point-max)))
               (alternate (/= 0 (logand orchflow-render--modes 1))))
    (cond
     ((not (equal screen shown)) (list 'screen 'engine screen 'buffer shown))
     (alternate nil)
     (orchflow-render--lags "the scrollback lags")
     ((/= history orchflow-render--history) (list 'history history orchflow-render--history))
     ((= history 0) (unless (= orchflow-render--screen (point-min)) 'rows-above))
     (t (let ((old (orchflow-render-tests--trimmed (orchflow-render-tests--engine-rows (- history) history)))
              (shown (orchflow-render-tests--shown (point-min) (1- orchflow-render--screen))))
          (unless (equal old shown)
            (let ((at (cl-mismatch old shown :test #'equal)))
              (list 'history 'at (- at history) 'engine (cl-subseq old at (cl-mismatch old shown :test #'equal :from-end t))
                    'buffer (cl-subseq shown at (cl-mismatch old shown :test #'equal :from-end t))))))))))

(defun orchflow-render-tests--settle ()
  "Wait until the buffer shows what the engine has."
  (let (differs)
    (condition-case nil
        (orchflow-test-await "the buffer to be as the engine"
                             (lambda () (not (setq differs (orchflow-render-tests--differs)))))
      (ert-test-failed (ert-fail (list "the buffer is not as the engine" differs))))))

(defmacro orchflow-render-tests--with-feeder (&rest body)
  "Run BODY in a terminal whose program shows each file that it is given a name of."
  `(orchflow-test-with "stty raw -echo; printf '\\033]2;0\\007'; n=0
while n=$((n+1)); f=$(head -c 6); [ -n \"$f\" ]; do cat \"$TMPDIR/$f\"; printf '\\033]2;%d\\007' $n; done"
     (orchflow-test-await "the feeder" (lambda () (equal orchflow--title "0")))
     ,@body))

(defvar orchflow-render-tests--fed 0 "How many files the feeder of this test was given.")

(defun orchflow-render-tests--feed (bytes)
  "Let the program write BYTES, and wait until the engine has read them."
  (let ((name (format "f%05d" (cl-incf orchflow-render-tests--fed))))
    (let ((coding-system-for-write 'no-conversion))
      (write-region (if (multibyte-string-p bytes) (encode-coding-string bytes 'utf-8) bytes) nil
                    (expand-file-name name (getenv "TMPDIR")) nil 'quiet))
    (orchflow-send-string name)
    (let ((title (number-to-string orchflow-render-tests--fed)))
      (orchflow-test-await "the end of the file" (lambda () (equal orchflow--title title))))))

(defun orchflow-render-tests--resize (cols rows)
  "Give the terminal this size, and wait until it is shown."
  (orchflow-module-resize (orchflow--pointer) orchflow-render--terminal cols rows)
  (orchflow-test-await "the size" (lambda () (equal (cons cols rows)
                                                    (cons orchflow-render--cols orchflow-render--rows)))))

(defun orchflow-render-tests--stream (random)
  "Something that a program may write; RANDOM gives numbers below one."
  (let ((parts nil) (number (lambda (limit) (funcall random limit))))
    (dotimes (_ (1+ (funcall number 40)))
      (push (pcase (funcall number 16)
              (0 (make-string (funcall number 200) (+ ?a (funcall number 26))))
              (1 (apply #'concat (cl-loop repeat (funcall number 60)
                                          collect (format "line %d\r\n" (funcall number 1000)))))
              (2 (format "\e[%d;%dH" (1+ (funcall number 30)) (1+ (funcall number 90))))
              (3 (format "\e[%d%c" (1+ (funcall number 8)) (aref "LMSTABCDPX@" (funcall number 11))))
              (4 (format "\e[%d;%dr" (1+ (funcall number 10)) (+ 11 (funcall number 20))))
              (5 "\e[r")
              (6 (format "\e[%dJ" (funcall number 4)))
              (7 (format "\e[%dK" (funcall number 3)))
              (8 (format "\e[%d;38;5;%d;48;2;1;2;%dm" (funcall number 10) (funcall number 256) (funcall number 256)))
              (9 "\e[m")
              (10 (if (zerop (funcall number 3)) "\e[?1049h" "\e[?1049l"))
              (11 "\eM\eM\eM")
              (12 "\n\n\n")
              (13 "日本語 ä ö 🙂 e\u0301 \t tab")
              (14 "\e]8;;http://example.org/\e\\link\e]8;;\e\\")
              (_ (format "text %d " (funcall number 100000))))
            parts))
    (apply #'concat parts)))

(ert-deftest orchflow-render-buffers-are-as-the-engine-after-random-streams ()
  (let ((orchflow-scrollback 300))
    (dolist (seed '("one" "two" "three" "four"))
      (let ((orchflow-render-tests--fed 0) (state (progn (random seed) t)))
        (should state)
        (ert-info ((format "seed %s" seed))
          (orchflow-render-tests--with-feeder
           (dotimes (step 25)
             (ert-info ((format "step %d" step))
               (orchflow-render-tests--feed (orchflow-render-tests--stream #'random))
               (orchflow-render-tests--settle)
               (when (zerop (random 4))
                 (orchflow-render-tests--resize (+ 10 (random 90)) (+ 2 (random 40)))
                 (orchflow-render-tests--settle))))
           (orchflow-render-tests--feed "\e[?1049l")
           (orchflow-render-tests--settle)))))))

(ert-deftest orchflow-render-the-scrollback-of-a-flood-is-complete ()
  (let ((orchflow-render-tests--fed 0))
    (orchflow-render-tests--with-feeder
     (orchflow-render-tests--feed (mapconcat (lambda (n) (format "%d\r\n" n)) (number-sequence 1 50000) ""))
     (orchflow-render-tests--settle)
     (should (= orchflow-render--history orchflow-scrollback))
     (goto-char (point-min))
     (should (looking-at "\\([0-9]+\\)\n"))
     (let ((first (string-to-number (match-string 1))))
       (should (equal (split-string (buffer-substring-no-properties (point-min) (point-max)) "\n" t)
                      (orchflow-test-lines first 50000))))
     (orchflow-render-tests--feed "\e[3J")
     (orchflow-render-tests--settle)
     (should (= orchflow-render--history 0))
     (orchflow-render-tests--feed (mapconcat (lambda (n) (format "%d\r\n" n)) (number-sequence 1 100) ""))
     (orchflow-render-tests--settle)
     (orchflow-clear)
     (orchflow-test-await "the clearing" (lambda () (= orchflow-render--history 0)))
     (orchflow-render-tests--settle))))

(ert-deftest orchflow-render-a-lag-waits-on-the-alternate-screen-without-a-timer ()
  (let ((orchflow-render-tests--fed 0)
        (lines (mapconcat (lambda (n) (format "%d\r\n" n)) (number-sequence 1 5000) "")))
    (orchflow-render-tests--with-feeder
     (orchflow-render-tests--feed (concat lines "\e[?1049halternate"))
     (orchflow-test-shows "alternate")
     (setq orchflow-render--lags t)
     (orchflow-render--catch-up-later)
     (orchflow-test-await "no timer" (lambda () (null orchflow-render--timer)))
     (should orchflow-render--lags)
     (orchflow-render-tests--feed (concat "\e[?1049l" lines))
     (orchflow-render-tests--settle)
     (should (> orchflow-render--history 9000))
     (should-not orchflow-render--timer))))

(ert-deftest orchflow-render-styles-are-faces ()
  (orchflow-test-with (concat "printf '\\033[31mA\\033[m\\033[38;5;208mB\\033[m\\033[38;2;1;2;3;48;5;255mC\\033[m"
                              "\\033[1;3;4;7;9mD\\033[m\\033[4:3m\\033[58;2;9;8;7mE\\033[m\\033[2mF\\033[mG\\033[97mH'; exec cat")
    (orchflow-test-shows "ABCDEFGH")
    (let ((face (lambda (char) (save-excursion (goto-char (point-min)) (search-forward char)
                                               (get-text-property (1- (point)) 'face)))))
      (should (equal (funcall face "A") (list :foreground (face-foreground 'ansi-color-red))))
      (should (equal (funcall face "B") '(:foreground "#ff8700")))
      (should (equal (funcall face "C") '(:foreground "#010203" :background "#eeeeee")))
      (should (equal (funcall face "D")
                     '(:weight bold :slant italic :inverse-video t :strike-through t :underline t)))
      (should (equal (funcall face "E") '(:underline (:style wave :color "#090807"))))
      (should (equal (funcall face "F") '(:weight light)))
      (should-not (funcall face "G"))
      (should (equal (funcall face "H") (list :foreground (face-foreground 'ansi-color-bright-white)))))))

(ert-deftest orchflow-render-the-cursor-is-the-point-until-the-user-moves ()
  (let ((orchflow-render-tests--fed 0))
    (orchflow-render-tests--with-feeder
     (orchflow-render-tests--feed "abc\e[5;8H")
     (orchflow-render-tests--settle)
     (should (= (point) orchflow-render--cursor))
     (should (equal (list (1- (line-number-at-pos)) (current-column)) '(4 7)))
     (orchflow-render-tests--feed "日本\e[1;2H")
     (orchflow-test-await "the cursor" (lambda () (= (current-column) 1)))
     (orchflow-render-tests--feed "\e[5;10H")
     (orchflow-test-await "the cursor" (lambda () (eq (char-after) ?本)))
     (orchflow-render-tests--feed "\e[?25l")
     (orchflow-test-await "no cursor" (lambda () (null cursor-type)))
     (orchflow-render-tests--feed "\e[?25h\e[5 q")
     (orchflow-test-await "a bar" (lambda () (eq cursor-type 'bar)))
     ;; A reader is left where it is.
     (orchflow-render-tests--feed (mapconcat (lambda (n) (format "%d\r\n" n)) (number-sequence 1 99) ""))
     (orchflow-render-tests--settle)
     (goto-char (point-min))
     (orchflow-render-tests--feed (mapconcat (lambda (n) (format "%d\r\n" n)) (number-sequence 1 99) ""))
     (orchflow-render-tests--settle)
     (should (= (point) (point-min)))
     (orchflow-send-key-test ?x)
     (should (= (point) orchflow-render--cursor)))))

(defun orchflow-send-key-test (key)
  "Press KEY."
  (let ((last-command-event key)) (orchflow-send-key)))

(ert-deftest orchflow-render-copies-are-lines-of-the-program ()
  (let ((orchflow-render-tests--fed 0))
    (orchflow-render-tests--with-feeder
     (orchflow-render-tests--resize 20 5)
     (orchflow-render-tests--feed (concat (make-string 45 ?w) "\r\nshort\r\n\e[31mred\e[m\e[4C\r\n"
                                          (make-string 25 ?v)))
     (orchflow-render-tests--settle)
     (let ((copy (filter-buffer-substring (point-min) (point-max))))
       (should (equal copy (concat (make-string 45 ?w) "\nshort\nred\n" (make-string 25 ?v))))
       (should-not (text-properties-at (string-match "red" copy) copy))))))

(ert-deftest orchflow-render-links-can-be-opened ()
  (orchflow-test-with "printf 'see \\033]8;;http://example.org/a\\033\\\\here\\033]8;;\\033\\\\ ok'; exec cat"
    (orchflow-test-shows "here")
    (let (opened)
      (cl-letf (((symbol-function 'browse-url) (lambda (uri &rest _) (setq opened uri))))
        (goto-char (point-min))
        (should-error (orchflow-open-link) :type 'user-error)
        (search-forward "he")
        (orchflow-open-link)
        (should (equal opened "http://example.org/a"))))))

(ert-deftest orchflow-render-copy-mode-lets-the-screen-stand ()
  (let ((orchflow-render-tests--fed 0))
    (orchflow-render-tests--with-feeder
     (orchflow-render-tests--feed "before")
     (orchflow-render-tests--settle)
     (orchflow-copy-mode)
     (should (eq (current-local-map) orchflow-copy-map))
     (orchflow-render-tests--feed "\r\nafter")
     (let ((text (buffer-string)))
       (should (string-match-p "before" text))
       (should-not (string-match-p "after" text)))
     (orchflow-copy-mode)
     (orchflow-test-shows "after")
     (orchflow-render-tests--settle))))

(provide 'orchflow-render-tests)
;;; orchflow-render-tests.el ends here
