;;; orchflow-tests.el --- Terminals in buffers  -*- lexical-binding: t; byte-compile-docstring-max-column: 120 -*-

;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Code:

(require 'orchflow-test-help)
(require 'url-util)

;;;; The engine in the loop

(ert-deftest orchflow-a-program-is-typed-into-and-its-exit-is-shown ()
  (orchflow-test-with "stty -echo; echo ready; read line; echo \"<$line>\"; exit 3"
    (orchflow-test-shows "ready")
    (orchflow-send-string "grüße\r")
    (orchflow-test-await "the exit" (lambda () orchflow--ended))
    (should (equal (buffer-substring-no-properties (point-min) (point-max))
                   "ready\n<grüße>\n[The program exited with code 3]\n"))
    (should (equal orchflow--ended "exited with code 3"))
    (should-error (orchflow-send-string "x") :type 'user-error)))

(ert-deftest orchflow-a-signal-is-shown ()
  (orchflow-test-with "kill -9 $$"
    (orchflow-test-await "the exit" (lambda () orchflow--ended))
    (should (equal orchflow--ended "was killed by signal 9"))))

(ert-deftest orchflow-an-idle-engine-makes-no-turn-and-wakes-nobody ()
  (orchflow-test-with "echo ready; exec cat"
    (let* ((ready nil) (engine (orchflow-engine))
           (folder (make-temp-file "orchflow" t))
           (watch (orchflow-watch folder #'ignore :on-ready (lambda (_) (setq ready t))))
           (counts (lambda () (list (plist-get (orchflow-engine-stats engine) :turns)
                                    (plist-get (orchflow-engine-stats engine) :woken)
                                    (orchflow-engine-wakes engine)))))
      (unwind-protect
          (progn
            (orchflow-test-shows "ready")
            (orchflow-test-await "the watch" (lambda () ready))
            ;; Other tests have left graces of programs that are closed, and the watch hears of what anybody does in the
            ;; folders above its root.  So silence is waited for: two seconds without a turn, which nothing that polls
            ;; more often than that would ever give.
            (orchflow-test-await "silence" (lambda ()
                                             (let ((before (funcall counts)))
                                               (orchflow-test-another-program)
                                               (orchflow-test-another-program)
                                               (equal (funcall counts) before))))
            ;; And it is awake when there is something.
            (let ((before (funcall counts)))
              (orchflow-send-string "again\r")
              (orchflow-test-shows "again")
              (should-not (equal (funcall counts) before))))
        (orchflow-unwatch watch)))))

(ert-deftest orchflow-each-turn-has-been-asked-for ()
  (orchflow-test-with "seq 1 200000; echo finished; exec cat"
    (orchflow-test-shows "finished")
    (let ((stats (orchflow-engine-stats (orchflow-engine))))
      ;; One byte to Emacs at most for each arming: nothing spins while a program floods.
      (should (<= (plist-get stats :woken) (plist-get stats :armed)))
      (should (= (orchflow-engine-wakes (orchflow-engine)) (plist-get stats :woken)))
      (should (= (plist-get stats :invariants-broken) 0)))))

(ert-deftest orchflow-what-is-left-after-the-end ()
  (let* ((descriptors (lambda () (length (directory-files "/proc/self/fd"))))
         (tasks (lambda () (length (directory-files "/proc/self/task"))))
         (shared (orchflow-engine))
         (before (list (funcall descriptors) (funcall tasks))))
    (should shared)
    (dotimes (_ 3)
      (let ((engine (orchflow-engine-create)))
        (should (> (funcall tasks) (cadr before)))
        (orchflow-engine-end engine)
        (orchflow-engine-end engine)
        (should-error (orchflow-engine-stats engine))))
    (should (equal (list (funcall descriptors) (funcall tasks)) before))))

(ert-deftest orchflow-an-engine-that-is-forgotten-is-collected ()
  (let ((tasks (lambda () (length (directory-files "/proc/self/task")))))
    (let ((before (progn (orchflow-engine) (funcall tasks))))
      (let ((process (make-pipe-process :name "forgotten" :noquery t)))
        (orchflow-module-create process 0)
        (delete-process process))
      (garbage-collect)
      (orchflow-test-await "the thread's end" (lambda () (garbage-collect) (= (funcall tasks) before))))))

(ert-deftest orchflow-a-deleted-process-ends-its-engine ()
  (let ((engine (orchflow-engine-create)) (warning nil))
    (cl-letf (((symbol-function 'orchflow-engine--report) (lambda (text &rest _) (setq warning text))))
      (delete-process (orchflow-engine-process engine))
      (orchflow-test-await "the end" (lambda () (null (orchflow-engine-pointer engine))))
      (should (string-match-p "deleted" warning)))))

(ert-deftest orchflow-bytes-of-any-kind-can-be-typed ()
  (orchflow-test-with "stty raw -echo; echo ready; head -c 6 | od -An -tu1 | tr -s ' '"
    (orchflow-test-shows "ready")
    (orchflow-send-string (unibyte-string 233 0 255 27))
    (orchflow-send-string "é")
    (orchflow-test-shows "233 0 255 27 195 169")))

(ert-deftest orchflow-errors-have-the-message-of-the-engine ()
  (let ((error (should-error (orchflow-start '("/nonexistent/program")) :type 'orchflow-error)))
    (should (string-match-p "/nonexistent/program" (error-message-string error)))
    (should (memq 'ORCH_E_NO_PROGRAM (cdr error))))
  (should-not (cl-find-if (lambda (buffer) (string-prefix-p "*orchflow" (buffer-name buffer))) (buffer-list)))
  (should-error (orchflow-module-turn "nothing"))
  (should-error (orchflow-module-turn nil))
  (let ((error (should-error (orchflow-module-resize (orchflow-engine-pointer (orchflow-engine)) 1 80 24)
                             :type 'orchflow-error)))
    (should (memq 'ORCH_E_STALE_ID (cdr error))))
  (should-error (orchflow-start nil nil "/ssh:nowhere:/") :type 'user-error))

(ert-deftest orchflow-an-error-of-a-handler-ends-nothing ()
  (let* ((engine (orchflow-engine)) (warnings nil) (count 0)
         ;; ERT sets it, for its backtraces.
         (debug-on-error nil))
    (cl-letf (((symbol-function 'orchflow-engine--report)
               (lambda (&rest arguments) (push (apply #'format arguments) warnings))))
      (let* ((folder (make-temp-file "orchflow" t)) (ready nil)
             (watch (orchflow-watch folder (lambda (_) (cl-incf count) (error "Broken"))
                                    :on-ready (lambda (_) (setq ready t)))))
        (orchflow-test-await "the watch" (lambda () ready))
        (write-region "" nil (expand-file-name "a" folder) nil 'quiet)
        (orchflow-test-await "the first batch" (lambda () (= count 1)))
        (write-region "" nil (expand-file-name "b" folder) nil 'quiet)
        (orchflow-test-await "the second batch" (lambda () (= count 2)))
        (orchflow-unwatch watch)))
    (should (string-match-p "Broken" (car warnings)))
    (should (orchflow-engine-pointer engine))))

(ert-deftest orchflow-a-handler-that-throws-does-not-stop-the-engine ()
  (orchflow-test-with "echo ready; exec cat"
    (orchflow-test-shows "ready")
    (let ((engine (orchflow-engine)) (buffer (current-buffer)))
      (orchflow-engine-handle engine orchflow-render--terminal (lambda (_) (throw 'out 'thrown)))
      (orchflow-send-string "one\r")
      (should (eq (catch 'out (orchflow-test-await "the throw" #'ignore)) 'thrown))
      (orchflow-engine-handle engine orchflow-render--terminal (lambda (event) (orchflow--handle buffer event)))
      (orchflow-send-string "two\r")
      (orchflow-test-shows "two"))))

;;;; Buffers

(ert-deftest orchflow-killing-the-buffer-closes-the-terminal ()
  (let (pid)
    (orchflow-test-with "echo pid $$; exec cat"
      (orchflow-test-shows "pid ")
      (setq pid (car (orchflow-module-terminal-state (orchflow--pointer) orchflow-render--terminal)))
      (should (file-exists-p (format "/proc/%d" pid))))
    (orchflow-test-await "the program's end" (lambda () (not (file-exists-p (format "/proc/%d" pid)))))
    (orchflow-test-await "the handler's end"
                         (lambda () (= 0 (hash-table-count (orchflow-engine-handlers (orchflow-engine))))))))

(ert-deftest orchflow-killing-a-running-program-is-asked-for ()
  (let ((asked nil))
    (orchflow-test-with "echo ready; read x; exit 0"
      (orchflow-test-shows "ready")
      (cl-letf (((symbol-function 'yes-or-no-p) (lambda (prompt) (setq asked prompt) nil)))
        (let ((orchflow-ask-before-killing t))
          (should-not (kill-buffer (current-buffer)))
          (should (string-match-p "running" asked))
          (should-not (orchflow--emacs-may-be-killed))
          (setq asked nil)
          (orchflow-send-string "\r")
          (orchflow-test-await "the exit" (lambda () orchflow--ended))
          (should (kill-buffer (current-buffer)))
          (should-not asked))))))

(ert-deftest orchflow-a-program-can-be-started-again ()
  (orchflow-test-with "echo run; exit 1"
    (orchflow-test-await "the exit" (lambda () orchflow--ended))
    (orchflow-again)
    (should-not orchflow--ended)
    (orchflow-test-await "the exit" (lambda () orchflow--ended))
    (should (equal (buffer-substring-no-properties (point-min) (point-max)) "run\n[The program exited with code 1]\n"))))

(ert-deftest orchflow-titles-directories-and-bells-are-noted ()
  (let ((folder (file-name-as-directory (file-truename (make-temp-file "orchflow-ä" t)))) (rung 0))
    (cl-letf (((symbol-function 'ding) (lambda (&rest _) (cl-incf rung))))
      (orchflow-test-with (format "printf '\\033]2;my title\\007\\033]7;file://%s%s\\007\\007'; exec cat"
                                  (system-name) (replace-regexp-in-string "%" "%%" (url-hexify-string folder url-path-allowed-chars) t t))
        (orchflow-test-await "the title" (lambda () (equal orchflow--title "my title")))
        (should (string-match-p "my title" (orchflow--mode-line)))
        (orchflow-test-await "the directory" (lambda () (equal default-directory folder)))
        (orchflow-test-await "the bell" (lambda () (= rung 1)))))))

(ert-deftest orchflow-a-program-finds-its-environment ()
  (let ((process-environment (append '("ORCHFLOW_TEST=set here" "INSIDE_EMACS=other") process-environment))
        (default-directory "/usr/"))
    (orchflow-test-with "echo \"$TERM|$ORCHFLOW_TEST|$PWD|${INSIDE_EMACS#*,}|\""
      (orchflow-test-shows "xterm-256color|set here|/usr|orchflow|"))))

;;;; Input and windows

(ert-deftest orchflow-ten-thousand-lines-are-pasted-as-they-are ()
  (let* ((file (make-temp-file "orchflow-pasted"))
         (text (mapconcat (lambda (n) (format "line %d, gröber\n" n)) (number-sequence 1 10000) "")))
    (orchflow-test-with (format "stty -echo; echo ready; cat > %s; echo finished" file)
      (orchflow-test-shows "ready")
      (kill-new text)
      (orchflow-yank)
      (orchflow-send-string "\C-d")
      (orchflow-test-shows "finished")
      (should (equal text (with-temp-buffer (insert-file-contents file) (buffer-string)))))))

(ert-deftest orchflow-pasted-text-is-bracketed-and-has-no-control-characters ()
  (orchflow-test-with "stty raw -echo; printf '\\033[?2004hready'; head -c 16 | od -An -c | tr -d ' \n'"
    (orchflow-test-shows "ready")
    (orchflow-paste "a\e[201~b\nc")
    (orchflow-test-await "the exit" (lambda () orchflow--ended))
    (should (string-match-p (regexp-quote "033[200~ab\\rc033[201~")
                            (replace-regexp-in-string "\n" "" (buffer-string))))))

(ert-deftest orchflow-input-that-is-not-read-waits-and-too-much-is-an-error ()
  (let* ((orchflow-engine--shared nil) (orchflow-input-bytes 65536) (size 500000))
    (unwind-protect
        (orchflow-test-with (format "stty raw -echo; echo ready; read -r go < %s; head -c %d | cksum"
                                    (let ((fifo (expand-file-name "fifo" (make-temp-file "orchflow" t))))
                                      (call-process "mkfifo" nil nil nil fifo)
                                      fifo)
                                    size)
          (orchflow-test-shows "ready")
          (should-error (orchflow-paste (make-string 100000 ?x)) :type 'orchflow-error)
          (orchflow-send-string (make-string size ?x))
          (should orchflow--waiting)
          (let ((fifo (progn (string-match "< \\([^;]+\\);" (nth 2 orchflow--words))
                             (match-string 1 (nth 2 orchflow--words)))))
            (call-process "sh" nil nil nil "-c" (format "echo go > %s" fifo)))
          (orchflow-test-await "the exit" (lambda () orchflow--ended))
          (should (string-match-p (format " %d" size) (buffer-string))))
      (orchflow-engine-end orchflow-engine--shared))))

(ert-deftest orchflow-the-terminal-has-the-size-of-its-window ()
  (orchflow-test-with "echo ready; while read line; do stty size; done"
    (orchflow-test-shows "ready")
    (save-window-excursion
      (delete-other-windows)
      (switch-to-buffer (current-buffer))
      (dolist (split (list #'ignore #'split-window-below))
        (funcall split)
        (orchflow--window-changed (selected-window))
        (let ((size (orchflow--size)))
          (orchflow-test-await "the size" (lambda () (equal size (cons orchflow-render--cols orchflow-render--rows))))
          (orchflow-send-string "\r")
          (orchflow-test-shows (format "%d %d" (cdr size) (car size))))))))

(ert-deftest orchflow-the-mouse-goes-to-programs-that-ask-for-it ()
  (orchflow-test-with "stty raw -echo; printf '\\033[?1002h\\033[?1006hready'; head -c 38 | od -An -c | tr -d ' \n'"
    (orchflow-test-shows "ready")
    (should orchflow--mouse)
    (save-window-excursion
      (delete-other-windows)
      (switch-to-buffer (current-buffer))
      (set-window-start nil orchflow-render--screen)
      (cl-flet ((at (col row) (list (selected-window) 1 (cons col row) 0 nil 1 (cons col row))))
        (orchflow-mouse-press (list 'down-mouse-1 (at 3 1)))
        (should track-mouse)
        (orchflow-mouse-drag (list 'mouse-movement (at 5 2)))
        (orchflow-mouse-drag (list 'mouse-movement (at 5 2)))
        (orchflow-mouse-release (list 'drag-mouse-1 (at 3 1) (at 6 2)))
        (should-not track-mouse)
        (orchflow-mouse-wheel (list 'mouse-5 (at 0 0)))))
    (orchflow-test-await "the exit" (lambda () orchflow--ended))
    (should (string-match-p (regexp-quote "033[<0;4;2M033[<32;6;3M033[<0;7;3m033[<65;1;1M")
                            (replace-regexp-in-string "\n" "" (buffer-string))))))

(provide 'orchflow-tests)
;;; orchflow-tests.el ends here
