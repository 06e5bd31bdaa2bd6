;;; orchflow-watch.el --- Watched directories  -*- lexical-binding: t; byte-compile-docstring-max-column: 120 -*-

;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; `orchflow-watch' reports what changes in whole trees: directories that are made later are watched from their first
;; file on, renames come with both names, and what the kernel drops is listed again.  Applying the events in their order
;; to a copy of the tree always leads to the tree.

;;; Code:

(require 'cl-lib)
(require 'orchflow-engine)

(declare-function orchflow-module-watch-add "orchflow-module")
(declare-function orchflow-module-watch-remove "orchflow-module")
(declare-function orchflow-module-watch-sync "orchflow-module")
(declare-function orchflow-module-watch-entries "orchflow-module")

(defconst orchflow-watch--flags '(:no-gitignore 1 :git-directory 2 :no-hidden 4 :at-once 16)
  "Options of `orchflow-watch' that are flags of orchflow.h.")
(defconst orchflow-watch--no-summaries 32)

(cl-defstruct (orchflow-watch (:constructor orchflow-watch--make) (:copier nil))
  "A watch: its engine, its id (nil when it has ended), and who is called."
  engine id function on-ready on-warning ready syncs (next-tag 1))

(defun orchflow-watch--coding ()
  "How names of files are encoded."
  (or file-name-coding-system default-file-name-coding-system 'utf-8))

(defun orchflow-watch--encode (path)
  "PATH as the bytes of the system."
  (encode-coding-string (expand-file-name path) (orchflow-watch--coding) t))

(defun orchflow-watch--decode (path)
  "PATH, bytes of the system, as a name of Emacs."
  (and path (decode-coding-string path (orchflow-watch--coding) t)))

(defun orchflow-watch--event (event)
  "EVENT of the module as a property list."
  (pcase-let ((`[,kind ,type ,path ,from] event))
    (list :kind kind :type type :path (orchflow-watch--decode path) :from (orchflow-watch--decode from))))

(defun orchflow-watch--summary (summary)
  "SUMMARY of the module as a property list."
  (pcase-let ((`[,directory ,created ,modified ,deleted ,renamed ,recursive] summary))
    (list :kind 'summary :type 'directory :path (orchflow-watch--decode directory) :created created
          :modified modified :deleted deleted :renamed renamed :recursive recursive)))

(defun orchflow-watch--handle (watch event)
  "Give EVENT of the engine to whom WATCH says."
  (pcase event
    (`(watch-ready ,_ ,_)
     (setf (orchflow-watch-ready watch) t)
     (when (orchflow-watch-on-ready watch) (funcall (orchflow-watch-on-ready watch) watch)))
    (`(watch-batch ,_ ,_ ,events ,summaries)
     (funcall (orchflow-watch-function watch)
              (nconc (mapcar #'orchflow-watch--event events) (mapcar #'orchflow-watch--summary summaries))))
    (`(watch-synced ,_ ,tag)
     (let ((waiting (assq tag (orchflow-watch-syncs watch))))
       (setf (orchflow-watch-syncs watch) (delq waiting (orchflow-watch-syncs watch)))
       (when waiting (funcall (cdr waiting)))))
    (`(watch-warning ,_ ,problem ,path)
     (let ((path (orchflow-watch--decode path)))
       (if (orchflow-watch-on-warning watch)
           (funcall (orchflow-watch-on-warning watch) problem path)
         (orchflow-engine--report "watching %s: %s" path problem))))))

;;;###autoload
(cl-defun orchflow-watch (roots function &rest options
                                &key engine ignore summaries window-ms on-ready on-warning &allow-other-keys)
  "Watch what is in ROOTS, a directory or a list of them, and call FUNCTION with each batch of changes.

A batch is a list of property lists: `:kind' is `create', `modify', `metadata', `touch', `delete' or `rename', `:type'
is `file', `directory', `symlink' or `other', `:path' the absolute name, and `:from' of a rename the name before.

OPTIONS are keywords.  ON-READY is called with the watch when the tree has been read for the first time; what changes
from then on is reported.  ON-WARNING is called with a problem, a symbol, and a path.  IGNORE is a list of globs as in
.gitignore.  WINDOW-MS says how long a name has to be quiet.  With SUMMARIES a batch of more than 100 events counts
changes by directory: `:kind' is `summary' then, with `:created', `:modified', `:deleted', `:renamed' and `:recursive'.
`:no-gitignore' reports also what .gitignore files exclude, `:git-directory' looks into .git, `:no-hidden' leaves out
names that begin with a dot, `:at-once' does not wait for names to be quiet.  ENGINE is for a watch with an engine of
its own.

Returns the watch, for `orchflow-unwatch'."
  (let* ((engine (or engine (orchflow-engine)))
         (flags (if summaries 0 orchflow-watch--no-summaries))
         (watch (orchflow-watch--make :engine engine :function function :on-ready on-ready :on-warning on-warning)))
    (cl-loop for (name value) on options by #'cddr
             do (cond ((plist-get orchflow-watch--flags name)
                       (when value (setq flags (logior flags (plist-get orchflow-watch--flags name)))))
                      ((memq name '(:engine :ignore :summaries :window-ms :on-ready :on-warning)))
                      (t (error "`orchflow-watch' has no option %s" name))))
    (setf (orchflow-watch-id watch)
          (orchflow-module-watch-add (orchflow-engine-pointer engine)
                                     (vconcat (mapcar #'orchflow-watch--encode (ensure-list roots)))
                                     (vconcat ignore) flags (or window-ms 0)))
    (orchflow-engine-handle engine (orchflow-watch-id watch)
                            (lambda (event) (orchflow-watch--handle watch event)))
    watch))

(defun orchflow-unwatch (watch)
  "End WATCH.  Its function is not called any more.  Doing it twice is fine."
  (let ((id (orchflow-watch-id watch)) (engine (orchflow-watch-engine watch)))
    (when id
      (setf (orchflow-watch-id watch) nil)
      (orchflow-engine-handle engine id nil)
      (when (orchflow-engine-pointer engine)
        (orchflow-module-watch-remove (orchflow-engine-pointer engine) id)))))

(defun orchflow-watch--pointer (watch)
  "The engine of WATCH for the module; an error if WATCH has ended."
  (unless (orchflow-watch-id watch) (user-error "The watch has ended"))
  (orchflow-engine-pointer (orchflow-watch-engine watch)))

(defun orchflow-watch-sync (watch function)
  "Call FUNCTION once everything that happened to the files of WATCH before now has been reported."
  (let ((tag (cl-incf (orchflow-watch-next-tag watch))))
    (orchflow-module-watch-sync (orchflow-watch--pointer watch) (orchflow-watch-id watch) tag)
    (push (cons tag function) (orchflow-watch-syncs watch))))

(defun orchflow-watch-entries (watch)
  "What WATCH knows of its tree: a list of (PATH TYPE BYTES MODIFIED-NS)."
  (mapcar (lambda (entry) (cons (orchflow-watch--decode (car entry)) (cdr entry)))
          (orchflow-module-watch-entries (orchflow-watch--pointer watch) (orchflow-watch-id watch))))

;;;; A list of changes

(defvar-local orchflow-changes--watch nil "The watch of this list.")

(define-derived-mode orchflow-changes-mode special-mode "Changes"
  "What changes in a directory, the newest last.  RET visits the file at point."
  (add-hook 'kill-buffer-hook #'orchflow-changes--end nil t))

(define-key orchflow-changes-mode-map (kbd "RET") #'orchflow-changes-visit)

(defun orchflow-changes--end ()
  "End the watch of this list."
  (when orchflow-changes--watch (orchflow-unwatch orchflow-changes--watch)))

(defun orchflow-changes-visit ()
  "Visit the file of this line."
  (interactive)
  (let ((path (get-text-property (line-beginning-position) 'orchflow-path)))
    (unless path (user-error "There is no change in this line"))
    (find-file-other-window path)))

(defun orchflow-changes--add (buffer events)
  "Add EVENTS to the list BUFFER."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (let ((inhibit-read-only t) (follows (eobp)))
        (save-excursion
          (goto-char (point-max))
          (dolist (event events)
            (let ((path (plist-get event :path)))
              (insert (propertize
                       (concat (format-time-string "%T ")
                               (if (eq (plist-get event :kind) 'summary)
                                   (format "many      %s/: %d created, %d modified, %d deleted, %d renamed"
                                           (file-relative-name path) (plist-get event :created)
                                           (plist-get event :modified) (plist-get event :deleted)
                                           (plist-get event :renamed))
                                 (format "%-9s %s%s" (plist-get event :kind)
                                         (if (plist-get event :from)
                                             (concat (file-relative-name (plist-get event :from)) " -> ") "")
                                         (file-relative-name path)))
                               "\n")
                       'orchflow-path path)))))
        (when follows
          (goto-char (point-max))
          (dolist (window (get-buffer-window-list buffer nil t)) (set-window-point window (point-max))))))))

;;;###autoload
(defun orchflow-watch-directory (directory)
  "List what changes in DIRECTORY, as it changes.  Killing the buffer ends the watch."
  (interactive "DWatch directory: ")
  (let* ((directory (file-name-as-directory (expand-file-name directory)))
         (buffer (generate-new-buffer (format "*changes in %s*" (abbreviate-file-name directory)))))
    (with-current-buffer buffer
      (orchflow-changes-mode)
      (setq default-directory directory)
      (condition-case error
          (setq orchflow-changes--watch
                (orchflow-watch directory (lambda (events) (orchflow-changes--add buffer events)) :summaries t))
        (error (kill-buffer buffer) (signal (car error) (cdr error)))))
    (pop-to-buffer buffer)))

(provide 'orchflow-watch)
;;; orchflow-watch.el ends here
