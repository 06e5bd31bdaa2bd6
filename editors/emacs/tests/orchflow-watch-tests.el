;;; orchflow-watch-tests.el --- Watched directories  -*- lexical-binding: t; byte-compile-docstring-max-column: 120 -*-

;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Code:

(require 'orchflow-test-help)
(require 'orchflow-torture)

(defmacro orchflow-watch-tests--with (options &rest body)
  "Watch an empty `folder' with OPTIONS and run BODY; `events' has what came, in its order."
  (declare (indent 1))
  `(let* ((folder (file-truename (make-temp-file "orchflow-watch" t))) (events nil) (ready nil)
          (watch (orchflow-watch folder (lambda (batch) (setq events (append events batch)))
                                 :on-ready (lambda (_) (setq ready t)) ,@options)))
     (unwind-protect
         (progn (orchflow-test-await "the watch" (lambda () ready))
                ,@body)
       (orchflow-unwatch watch)
       (delete-directory folder t))))

(defun orchflow-watch-tests--sync (watch)
  "Wait until WATCH has reported everything before now."
  (let (synced)
    (orchflow-watch-sync watch (lambda () (setq synced t)))
    (orchflow-test-await "the sync" (lambda () synced))))

(defun orchflow-watch-tests--seen (events folder)
  "EVENTS as lists of kind, type and names below FOLDER."
  (mapcar (lambda (event)
            (append (list (plist-get event :kind) (plist-get event :type)
                          (file-relative-name (plist-get event :path) folder))
                    (when (plist-get event :from) (list (file-relative-name (plist-get event :from) folder)))))
          events))

(ert-deftest orchflow-watch-reports-what-happens-to-files ()
  (orchflow-watch-tests--with ()
    (cl-flet ((file (name) (expand-file-name name folder))
              (next () (orchflow-watch-tests--sync watch)
                    (prog1 (orchflow-watch-tests--seen events folder) (setq events nil))))
      (make-directory (file "deep/er") t)
      (write-region "one" nil (file "deep/er/grün") nil 'quiet)
      (should (equal (next) '((create directory "deep") (create directory "deep/er") (create file "deep/er/grün"))))
      (write-region "two" nil (file "deep/er/grün") 'append 'quiet)
      (should (equal (next) '((modify file "deep/er/grün"))))
      (rename-file (file "deep/er/grün") (file "rot"))
      (should (equal (next) '((rename file "rot" "deep/er/grün"))))
      (set-file-modes (file "rot") #o600)
      (should (equal (next) '((metadata file "rot"))))
      (make-symbolic-link "rot" (file "link"))
      (should (equal (next) '((create symlink "link"))))
      (delete-directory (file "deep") t)
      (should (equal (next) '((delete directory "deep/er") (delete directory "deep"))))
      (should (equal (sort (mapcar (lambda (entry) (file-relative-name (car entry) folder))
                                   (orchflow-watch-entries watch))
                           #'string<)
                     '("." "link" "rot"))))))

(ert-deftest orchflow-watch-names-need-not-be-text ()
  (orchflow-watch-tests--with (:at-once t)
    (let ((name (concat (encode-coding-string folder 'utf-8) "/" (unibyte-string ?x #xff #xfe))))
      (write-region "" nil name nil 'quiet)
      (orchflow-watch-tests--sync watch)
      (should (equal (length events) 1))
      (let ((path (plist-get (car events) :path)))
        (should (file-exists-p path))
        (should (member (file-name-nondirectory path) (directory-files folder)))))))

(ert-deftest orchflow-watch-options-count ()
  (orchflow-watch-tests--with (:ignore '("*.o"))
    (dolist (name '("a.o" "a.c" ".hidden")) (write-region "" nil (expand-file-name name folder) nil 'quiet))
    (orchflow-watch-tests--sync watch)
    (should (equal (sort (mapcar #'cl-third (orchflow-watch-tests--seen events folder)) #'string<) '(".hidden" "a.c"))))
  (orchflow-watch-tests--with (:no-hidden t)
    (dolist (name '("a.c" ".hidden")) (write-region "" nil (expand-file-name name folder) nil 'quiet))
    (orchflow-watch-tests--sync watch)
    (should (equal (mapcar #'cl-third (orchflow-watch-tests--seen events folder)) '("a.c"))))
  (orchflow-watch-tests--with (:summaries t)
    (dotimes (n 300) (write-region "" nil (expand-file-name (format "f%d" n) folder) nil 'quiet))
    (orchflow-watch-tests--sync watch)
    (should (cl-find 'summary events :key (lambda (event) (plist-get event :kind))))
    (should (= 300 (cl-reduce #'+ (mapcar (lambda (event) (or (plist-get event :created) 1)) events)))))
  (should-error (orchflow-watch "/" #'ignore :no-such-option t))
  (should-error (orchflow-watch "/nonexistent" #'ignore) :type 'orchflow-error))

(ert-deftest orchflow-watch-an-end-is-an-end ()
  (orchflow-watch-tests--with ()
    (orchflow-unwatch watch)
    (orchflow-unwatch watch)
    (write-region "" nil (expand-file-name "late" folder) nil 'quiet)
    (should-error (orchflow-watch-entries watch) :type 'user-error)
    (orchflow-test-another-program)
    (should-not events)))

(ert-deftest orchflow-watch-the-list-of-changes-follows ()
  (let ((folder (file-truename (make-temp-file "orchflow-watch" t))) buffer)
    (save-window-excursion (setq buffer (orchflow-watch-directory folder)))
    (with-current-buffer buffer
      (unwind-protect
          (progn
            (orchflow-test-await "the watch" (lambda () (orchflow-watch-ready orchflow-changes--watch)))
            (write-region "" nil (expand-file-name "new" folder) nil 'quiet)
            (orchflow-test-shows "create    new")
            (rename-file (expand-file-name "new" folder) (expand-file-name "other" folder))
            (orchflow-test-shows "rename    new -> other")
            (goto-char (point-min))
            (search-forward "other")
            (save-window-excursion
              (orchflow-changes-visit)
              (should (equal buffer-file-name (expand-file-name "other" folder)))
              (kill-buffer)))
        (kill-buffer buffer)))))

(ert-deftest orchflow-watch-torture-the-listener-knows-the-disk ()
  (dolist (seed '("eins" "zwei"))
    (let ((found (orchflow-torture seed 300)))
      (ert-info ((format "seed %s: %S" seed found))
        (should (> (plist-get found :entries) 0))
        (should (equal (plist-get found :orchflow-missing) nil))
        (should (equal (plist-get found :orchflow-extra) nil))))))

(provide 'orchflow-watch-tests)
;;; orchflow-watch-tests.el ends here
