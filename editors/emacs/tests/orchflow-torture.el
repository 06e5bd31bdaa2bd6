;;; orchflow-torture.el --- Random operations on files, and who knows the result  -*- lexical-binding: t; byte-compile-docstring-max-column: 120 -*-

;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; Files and directories are made, changed, renamed and deleted in bursts, by a seed.  Two listeners follow: one by
;; `orchflow-watch', one by `file-notify-add-watch' with a watch for each directory, which it adds and lists when it
;; hears of a directory, as programs do that want to know a tree.  Then what each believes is compared with the disk.
;;
;; As a program, for the table of README.md: emacs --batch ... -l orchflow-torture.el -f orchflow-torture-table

;;; Code:

(require 'cl-lib)
(require 'filenotify)
(require 'orchflow-test-help)

(defun orchflow-torture--names (folder)
  "All that is below FOLDER, sorted; directories end with a slash."
  (let (found)
    (cl-labels ((look (directory)
                  (dolist (path (directory-files directory t directory-files-no-dot-files-regexp t))
                    (if (and (file-directory-p path) (not (file-symlink-p path)))
                        (progn (push (file-name-as-directory path) found) (look path))
                      (push path found)))))
      (look folder))
    (sort found #'string<)))

(defun orchflow-torture--pick (list)
  "One of LIST, nil of none."
  (and list (nth (random (length list)) list)))

(defun orchflow-torture--place (folder)
  "A name in FOLDER or a directory below it; often one that is there."
  (expand-file-name (format "%c" (+ ?a (random 12)))
                    (or (orchflow-torture--pick (cl-remove-if-not #'directory-name-p (orchflow-torture--names folder)))
                        folder)))

(defun orchflow-torture--operation (folder)
  "Do something random to what is in FOLDER.  What cannot be done is not."
  (let ((place (if (zerop (random 3)) (expand-file-name (format "%c" (+ ?a (random 12))) folder)
                 (orchflow-torture--place folder)))
        (other (orchflow-torture--pick (orchflow-torture--names folder))))
    (condition-case nil
        (pcase (random 10)
          ((or 0 1) (make-directory place))
          (2 (make-directory (expand-file-name "x/y/z" place) t)
             (write-region "deep" nil (expand-file-name "x/y/z/deep" place) nil 'quiet))
          ((or 3 4) (write-region "text" nil place (zerop (random 2)) 'quiet))
          ((or 5 6) (when other (rename-file (directory-file-name other) place t)))
          (7 (when other
               (if (directory-name-p other) (delete-directory other t) (delete-file other))))
          (8 (make-symbolic-link "somewhere" place))
          (9 (when (and other (not (directory-name-p other))) (copy-file other place t))))
      (file-error nil))))

;;;; What a listener believes

(defun orchflow-torture--forget (tree path)
  "Take PATH, and what is below it, out of TREE, a table of names."
  (remhash (directory-file-name path) tree)
  (let ((below (file-name-as-directory path)))
    (maphash (lambda (name _) (when (string-prefix-p below name) (remhash name tree))) tree)))

(defun orchflow-torture--believed (tree)
  "The names of TREE as `orchflow-torture--names' has them."
  (let (found)
    (maphash (lambda (name type) (push (if (eq type 'directory) (file-name-as-directory name) name) found)) tree)
    (sort found #'string<)))

(defun orchflow-torture--apply (tree folder events)
  "Apply EVENTS of `orchflow-watch' to TREE."
  (dolist (event events)
    (let ((path (plist-get event :path)) (type (plist-get event :type)))
      (unless (equal path folder)
        (pcase (plist-get event :kind)
          ('create (puthash path type tree))
          ('delete (remhash path tree))
          ('rename
           (let* ((from (plist-get event :from)) (below (file-name-as-directory from)) moved)
             (maphash (lambda (name kind) (when (string-prefix-p below name) (push (cons name kind) moved))) tree)
             (remhash from tree)
             (puthash path type tree)
             (dolist (entry moved)
               (remhash (car entry) tree)
               (puthash (concat (file-name-as-directory path) (substring (car entry) (length below))) (cdr entry)
                        tree)))))))))

(defun orchflow-torture--notify-add (tree watches directory)
  "Watch DIRECTORY by file-notify, and note in TREE what is in it; WATCHES has all watches."
  (condition-case nil
      (progn
        (unless (gethash directory watches)
          (puthash directory
                   (file-notify-add-watch directory '(change attribute-change)
                                          (lambda (event) (orchflow-torture--notify tree watches event)))
                   watches))
        (dolist (path (directory-files directory t directory-files-no-dot-files-regexp t))
          (orchflow-torture--notify-note tree watches path)))
    (file-error nil)))

(defun orchflow-torture--notify-note (tree watches path)
  "Note in TREE that PATH is there, with what is below it; WATCHES has all watches."
  (cond ((file-symlink-p path) (puthash path 'symlink tree))
        ((file-directory-p path)
         (puthash path 'directory tree)
         (orchflow-torture--notify-add tree watches path))
        ((file-exists-p path) (puthash path 'file tree))))

(defun orchflow-torture--notify-forget (tree watches path)
  "Note in TREE that PATH is gone; WATCHES has all watches."
  (orchflow-torture--forget tree path)
  (let ((below (file-name-as-directory path)) gone)
    (maphash (lambda (name _) (when (or (equal name path) (string-prefix-p below name)) (push name gone))) watches)
    (dolist (name gone)
      (file-notify-rm-watch (gethash name watches))
      (remhash name watches))))

(defun orchflow-torture--notify (tree watches event)
  "Do to TREE and WATCHES what EVENT of file-notify says."
  (pcase event
    (`(,_ ,(or 'created 'changed 'attribute-changed) ,path) (orchflow-torture--notify-note tree watches path))
    (`(,_ deleted ,path) (orchflow-torture--notify-forget tree watches path))
    (`(,_ renamed ,from ,to)
     (orchflow-torture--notify-forget tree watches from)
     (orchflow-torture--notify-note tree watches to))))

;;;; A run

(defun orchflow-torture--notify-events (wait)
  "Let file-notify deliver what comes within WAIT seconds of the event before.
Its own handler fails with an error when a watch was removed while one of its events waited; that is its matter."
  (let ((going t) (debug-on-error nil))
    (while going
      ;; These events are carried out within `read-event'.
      (condition-case nil
          (setq going (read-event nil nil wait))
        (error nil)))))

(defun orchflow-torture (seed operations)
  "Run OPERATIONS by SEED and compare: a property list of what each listener misses and has too much."
  (let* ((folder (file-truename (make-temp-file "orchflow-torture" t))) ready synced (batches 0)
         (ours (make-hash-table :test #'equal)) (theirs (make-hash-table :test #'equal))
         (watches (make-hash-table :test #'equal))
         (watch (orchflow-watch folder (lambda (events) (cl-incf batches) (orchflow-torture--apply ours folder events))
                                :no-gitignore t :on-ready (lambda (_) (setq ready t)))))
    (unwind-protect
        (progn
          (orchflow-test-await "the watch" (lambda () ready))
          (orchflow-torture--notify-add theirs watches folder)
          (random seed)
          (while (> operations 0)
            (let ((burst (1+ (random 20))))
              (dotimes (_ burst) (orchflow-torture--operation folder))
              (setq operations (- operations burst)))
            (accept-process-output nil 0.01)
            (orchflow-torture--notify-events 0.001))
          (orchflow-torture--notify-events 0.3)
          (orchflow-watch-sync watch (lambda () (setq synced t)))
          (orchflow-test-await "the sync" (lambda () synced))
          (let ((disk (orchflow-torture--names folder))
                (ours (orchflow-torture--believed ours)) (theirs (orchflow-torture--believed theirs)))
            (list :entries (length disk) :batches batches
                  :orchflow-missing (cl-set-difference disk ours :test #'equal)
                  :orchflow-extra (cl-set-difference ours disk :test #'equal)
                  :notify-missing (cl-set-difference disk theirs :test #'equal)
                  :notify-extra (cl-set-difference theirs disk :test #'equal))))
      (orchflow-unwatch watch)
      (maphash (lambda (_ descriptor) (file-notify-rm-watch descriptor)) watches)
      (delete-directory folder t))))

(defun orchflow-torture-table ()
  "Print the table for README.md: ten seeds, 300 operations each."
  (let ((sums (make-list 5 0)))
    (dotimes (n 10)
      (let* ((found (orchflow-torture (format "seed %d" n) 300))
             (row (cons (plist-get found :entries)
                        (mapcar (lambda (name) (length (plist-get found name)))
                                '(:orchflow-missing :orchflow-extra :notify-missing :notify-extra)))))
        (setq sums (cl-mapcar #'+ sums row))
        (princ (format "seed %d: %S\n" n row))))
    (princ (format "entries, missing and extra with orchflow-watch, with file-notify: %S\n" sums))))

(provide 'orchflow-torture)
;;; orchflow-torture.el ends here
