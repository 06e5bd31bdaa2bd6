;;; orchflow-engine.el --- The OrchFlow engine in Emacs's loop  -*- lexical-binding: t; byte-compile-docstring-max-column: 120 -*-

;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; An engine has one file descriptor.  Emacs cannot poll it, so a thread of the dynamic module does, and writes one
;; byte to a pipe process when it is readable.  The filter of that process makes turns and hands out events for some
;; milliseconds, and arms the thread again.  What is left keeps the descriptor readable, so the next round goes on
;; with it after the keys that were typed in between.  Nothing polls in the meantime, and there is no timer: an engine
;; without work does not wake Emacs.
;;
;; A handler is a function of an event, (KIND SOURCE . DATA), for one source: a terminal or a watch.  It is called in
;; the filter.  Its errors are reported and end nothing.

;;; Code:

(require 'cl-lib)

(declare-function orchflow-module-create "orchflow-module")
(declare-function orchflow-module-destroy "orchflow-module")
(declare-function orchflow-module-arm "orchflow-module")
(declare-function orchflow-module-turn "orchflow-module")
(declare-function orchflow-module-next "orchflow-module")
(declare-function orchflow-module-ready "orchflow-module")
(declare-function orchflow-module-stats "orchflow-module")

(define-error 'orchflow-error "OrchFlow")

(defgroup orchflow nil
  "Terminals and watched directories by the OrchFlow engine."
  :group 'processes
  :prefix "orchflow-")

(defcustom orchflow-module-file nil
  "The dynamic module; nil for orchflow-module.so beside the package or in `load-path'."
  :type '(choice (const :tag "In load-path" nil) file)
  :group 'orchflow)

(defcustom orchflow-input-bytes (* 16 1024 1024)
  "How many bytes of input wait for a program that does not read.  A paste of more is refused."
  :type 'natnum
  :group 'orchflow)

(defconst orchflow-engine--slice 0.008
  "How long one round hands out events, in seconds.  A key that is typed meanwhile waits so long at most.")

(defconst orchflow-engine--folder
  (file-name-directory (or load-file-name buffer-file-name default-directory))
  "Where this file is.")

(cl-defstruct (orchflow-engine (:constructor orchflow-engine--make) (:copier nil))
  "An engine, its pipe process, and who handles what comes from which source."
  pointer process (handlers (make-hash-table)) (wakes 0))

(defvar orchflow-engine--shared nil "The engine of `orchflow-engine', nil before its first use.")

(defun orchflow-engine--load ()
  "Load the dynamic module, and say what to do if that does not work."
  (unless (featurep 'orchflow-module)
    (unless (fboundp 'module-load) (error "This Emacs is built without support for dynamic modules"))
    (let ((file (or orchflow-module-file
                    (locate-file "orchflow-module.so"
                                 (cl-list* orchflow-engine--folder
                                        (expand-file-name ".." orchflow-engine--folder)
                                        load-path)))))
      (unless (and file (file-exists-p file))
        (user-error "There is no orchflow-module.so: run M-x orchflow-build-module"))
      (module-load file))))

;;;###autoload
(defun orchflow-build-module ()
  "Build the dynamic module by build.sh, with the C compiler of the system."
  (interactive)
  (let ((script (expand-file-name "../build.sh" orchflow-engine--folder)))
    (unless (file-exists-p script) (user-error "There is no %s" script))
    (compile (shell-quote-argument script))))

(defun orchflow-engine--report (message &rest arguments)
  "Show a warning, MESSAGE with ARGUMENTS as in `format-message'."
  (display-warning 'orchflow (apply #'format-message message arguments)))

(defun orchflow-engine--process (engine)
  "A pipe process whose filter makes the turns of ENGINE."
  ;; Many short reads are what this process is about, so Emacs must not delay them.
  (let* ((process-adaptive-read-buffering nil)
         (process (make-pipe-process :name "orchflow" :noquery t :coding 'no-conversion
                                     :buffer nil
                                     :filter (lambda (_process _bytes) (orchflow-engine--round engine))
                                     :sentinel (lambda (process _change)
                                                 (orchflow-engine--process-gone engine process)))))
    (set-process-query-on-exit-flag process nil)
    process))

(defun orchflow-engine--process-gone (engine process)
  "End ENGINE if PROCESS, by which it is heard, was deleted by somebody."
  (when (and (orchflow-engine-pointer engine) (not (process-live-p process)))
    (orchflow-engine--report "the process `%s' was deleted; its terminals and watches end" (process-name process))
    (orchflow-engine-end engine)))

(defun orchflow-engine-create ()
  "Make an engine.  End it by `orchflow-engine-end'."
  (orchflow-engine--load)
  (let* ((engine (orchflow-engine--make))
         (process (orchflow-engine--process engine))
         (made nil))
    (unwind-protect
        (progn
          (setf (orchflow-engine-pointer engine) (orchflow-module-create process orchflow-input-bytes)
                (orchflow-engine-process engine) process
                made t)
          (orchflow-module-arm (orchflow-engine-pointer engine)))
      (unless made (delete-process process)))
    engine))

(defun orchflow-engine ()
  "The engine that all terminals and watches of this Emacs share."
  (or orchflow-engine--shared
      (progn
        (add-hook 'kill-emacs-hook #'orchflow-engine--end-shared)
        (setq orchflow-engine--shared (orchflow-engine-create)))))

(defun orchflow-engine--end-shared ()
  "End the shared engine, with what runs in it."
  (when orchflow-engine--shared (orchflow-engine-end orchflow-engine--shared)))

(defun orchflow-engine-end (engine)
  "End ENGINE: its programs get SIGHUP and SIGKILL.  Doing it twice is fine."
  (let ((pointer (orchflow-engine-pointer engine)))
    (when pointer
      (setf (orchflow-engine-pointer engine) nil)
      (when (eq engine orchflow-engine--shared) (setq orchflow-engine--shared nil))
      (orchflow-module-destroy pointer)
      (delete-process (orchflow-engine-process engine))
      (clrhash (orchflow-engine-handlers engine)))))

(defun orchflow-engine--dispatch (engine event)
  "Give EVENT of ENGINE to the handler of its source."
  (let ((handler (gethash (cadr event) (orchflow-engine-handlers engine))))
    (condition-case-unless-debug error
        (cond
         (handler (funcall handler event))
         ((eq (car event) 'log) (orchflow-engine--report "%s" (nth 2 event))))
      (error (orchflow-engine--report "error in the handler of `%s': %s" (car event)
                                      (error-message-string error))))
    (when (eq (car event) 'closed) (remhash (cadr event) (orchflow-engine-handlers engine)))))

(defun orchflow-engine--events (engine)
  "Make turns of ENGINE and hand out events until there is nothing to do or the time is up."
  (let ((pointer (orchflow-engine-pointer engine))
        (stop-at (+ (float-time) orchflow-engine--slice))
        event)
    (while (progn
             (orchflow-module-turn pointer)
             (while (and (orchflow-engine-pointer engine)
                         (setq event (orchflow-module-next pointer))
                         (progn
                           (orchflow-engine--dispatch engine event)
                           (< (float-time) stop-at))))
             ;; Emacs shows what has changed after each round, which takes longer than a turn.
             (and (orchflow-engine-pointer engine)
                  (< (float-time) stop-at)
                  (orchflow-module-ready pointer))))))

(defun orchflow-engine--round (engine)
  "What the filter does: one round of ENGINE, and the thread is armed for the next one."
  (when (orchflow-engine-pointer engine)
    (cl-incf (orchflow-engine-wakes engine))
    ;; A handler that enters the debugger leaves by a throw; the engine goes on all the same.
    (unwind-protect
        (condition-case error
            (orchflow-engine--events engine)
          ;; After a bug in the engine there is nothing to go on with.
          (orchflow-error (orchflow-engine--report "the engine has failed: %s" (error-message-string error))
                          (orchflow-engine-end engine)))
      (when (orchflow-engine-pointer engine)
        (orchflow-module-arm (orchflow-engine-pointer engine))))))

(defun orchflow-engine-handle (engine source handler)
  "Let HANDLER have the events of SOURCE of ENGINE; nil for nobody."
  (if handler
      (puthash source handler (orchflow-engine-handlers engine))
    (remhash source (orchflow-engine-handlers engine))))

(defun orchflow-engine-stats (engine)
  "What ENGINE has done, as a property list."
  (cl-mapcan #'list
             '(:turns :armed :woken :invariants-broken :log-bytes :screen-bytes)
             (orchflow-module-stats (orchflow-engine-pointer engine))))

(provide 'orchflow-engine)
;;; orchflow-engine.el ends here
