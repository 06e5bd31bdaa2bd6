;;; orchflow-render.el --- Screens of terminals in buffers  -*- lexical-binding: t; byte-compile-docstring-max-column: 120 -*-

;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; A buffer has the scrollback of its terminal, a line for each row, and below it the rows of the screen.  An update
;; from the engine says which rows moved and which are different; only these are touched.
;;
;; The scrollback is copied from the engine as it grows.  A program that floods moves more rows through it than can be
;; shown.  Then the buffer lags (`orchflow-render--lags'), and what is missing is copied once the flood pauses, or
;; before a command looks at it.  `orchflow-render--place' is how far the copy goes: the place of its newest row, by
;; the number of the line, which stays true when rows scroll away.

;;; Code:

(require 'cl-lib)
(require 'ansi-color)
(require 'face-remap)
(require 'orchflow-engine)

(declare-function orchflow-module-rows "orchflow-module")
(declare-function orchflow-module-position "orchflow-module")
(declare-function orchflow-module-terminal-state "orchflow-module")

(defcustom orchflow-scrollback 10000
  "Rows of scrollback that a terminal keeps."
  :type 'natnum
  :group 'orchflow)

(defgroup orchflow-faces nil
  "Colours of terminals."
  :group 'orchflow)

(defconst orchflow-render--colors
  (vconcat
   (mapcar
    (lambda (name)
      (let ((face (intern (format "orchflow-color-%s" name))))
        (custom-declare-face face `((t :inherit ,(intern (format "ansi-color-%s" name))))
                             (format "The colour %s of a terminal: its foreground counts." name)
                             :group 'orchflow-faces)
        face))
    '(black red green yellow blue magenta cyan white bright-black bright-red bright-green bright-yellow bright-blue
      bright-magenta bright-cyan bright-white)))
  "Faces of the first 16 colours of the palette.")

(defconst orchflow-render--at-once 200 "So many rows of scrollback are copied within an update.")
(defconst orchflow-render--slice 1000 "So many rows of scrollback are copied before Emacs looks for keys again.")
(defconst orchflow-render--pause 0.1 "Seconds without an update that end a flood.")

;; Flags and modes, with the numbers of orchflow.h.
(defconst orchflow-render--alternate 1)
(defconst orchflow-render--reverse #x80000)
(defconst orchflow-render--cursor-visible 1)

(defvar-local orchflow-render--engine nil "The engine of this terminal.")
(defvar-local orchflow-render--terminal nil "The id of the terminal, nil when it is gone.")
(defvar-local orchflow-render--screen nil "Marker: where the rows of the screen begin.")
(defvar-local orchflow-render--cursor nil "Marker: where the cursor is.")
(defvar-local orchflow-render--padding nil "Markers around blanks that only the cursor needs, or nil.")
(defvar-local orchflow-render--modes 0 "Modes of the screen.")
(defvar-local orchflow-render--cols 0 "Columns of the screen.")
(defvar-local orchflow-render--rows 0 "Rows of the screen.")
(defvar-local orchflow-render--history 0 "Rows of scrollback that are in the buffer.")
(defvar-local orchflow-render--place nil "(LINE . COLUMN) of the newest row of the scrollback in the buffer; nil if it has none.")
(defvar-local orchflow-render--seen nil "Rows of scrollback and place of the screen when the scrollback was looked at last.")
(defvar-local orchflow-render--lags nil "Non-nil if rows of scrollback are missing: `all' if none of them is right.")
(defvar-local orchflow-render--timer nil "What ends the lag, once.")
(defvar-local orchflow-render--updated-at 0.0 "When the last update came.")
(defvar-local orchflow-render--reversed nil "The cookie of the face that exchanges the colours of the whole screen.")

;;;; Faces

(defvar orchflow-render--faces (make-hash-table) "COLORS to a table of STYLE to a face.")

(defun orchflow-render-forget-faces (&rest _)
  "Take colours anew, after a change of the theme."
  (clrhash orchflow-render--faces))

(defun orchflow-render-color (color)
  "The name of COLOR, a number of the engine; nil for the default."
  (let ((kind (ash color -24)) (value (logand color #xffffff)))
    (pcase kind
      (0 nil)
      (2 (format "#%06x" value))
      (_ (cond
          ((< value 16) (face-foreground (aref orchflow-render--colors value) nil 'default))
          ((< value 232)
           (let ((part (lambda (n) (if (zerop n) 0 (+ 55 (* 40 n))))) (cube (- value 16)))
             (format "#%02x%02x%02x" (funcall part (/ cube 36)) (funcall part (% (/ cube 6) 6))
                     (funcall part (% cube 6)))))
          (t (let ((grey (+ 8 (* 10 (- value 232))))) (format "#%02x%02x%02x" grey grey grey))))))))

(defun orchflow-render--make-face (colors style)
  "A face for COLORS and STYLE, numbers of the module."
  (let* ((foreground (orchflow-render-color (logand colors #x3ffffff)))
         (background (orchflow-render-color (ash colors -26)))
         (underline (logand (ash style -26) 7))
         (underline-color (orchflow-render-color (logand style #x3ffffff)))
         (attributes (ash style -29))
         (has (lambda (flag) (/= 0 (logand attributes flag)))))
    ;; Hidden text has the colour of what is behind it.
    (when (funcall has 16) (setq foreground (or background (face-background 'default nil t))))
    (append
     (when foreground (list :foreground foreground))
     (when background (list :background background))
     (cond ((funcall has 1) '(:weight bold)) ((funcall has 2) '(:weight light)))
     (when (funcall has 4) '(:slant italic))
     (when (funcall has 8) '(:inverse-video t))
     (when (funcall has 32) '(:strike-through t))
     (when (> underline 0)
       (list :underline (if (or underline-color (= underline 3))
                            (append (list :style (if (= underline 3) 'wave 'line))
                                    (when underline-color (list :color underline-color)))
                          t))))))

(defun orchflow-render--face (colors style)
  "The face for COLORS and STYLE."
  (let ((table (or (gethash colors orchflow-render--faces)
                   (puthash colors (make-hash-table) orchflow-render--faces))))
    (or (gethash style table) (puthash style (orchflow-render--make-face colors style) table))))

;;;; Rows

(defvar orchflow-link-map
  (let ((map (make-sparse-keymap)))
    (define-key map [mouse-2] #'orchflow-open-link)
    map)
  "Keys on links.")

(defun orchflow-open-link (&optional event)
  "Open the link at point, or where EVENT was."
  (interactive (list last-nonmenu-event))
  (let* ((place (if (mouse-event-p event) (posn-point (event-end event)) (point)))
         (uri (get-text-property place 'orchflow-link)))
    (if uri (browse-url uri) (user-error "There is no link here"))))

(defun orchflow-render--decorate (start block)
  "Give the text of BLOCK, which is at START, its faces, links and wrapped ends of rows."
  (let* ((styles (aref block 4)) (count (length styles)) (index 0))
    (while (< index count)
      (put-text-property (+ start (aref styles index)) (+ start (aref styles (1+ index)))
                         'face (orchflow-render--face (aref styles (+ index 2)) (aref styles (+ index 3))))
      (setq index (+ index 4))))
  (pcase-dolist (`(,from ,to ,_id ,uri) (aref block 5))
    (add-text-properties (+ start from) (+ start to)
                         (list 'orchflow-link uri 'help-echo uri 'mouse-face 'highlight 'keymap orchflow-link-map)))
  ;; The line feed behind a wrapped row is none of the program's.
  (dolist (end (aref block 3))
    (let ((place (+ start end)))
      (when (< place (point-max)) (put-text-property place (1+ place) 'orchflow-wrapped t)))))

(defun orchflow-render--goto (row)
  "Go to the beginning of ROW of the screen."
  (goto-char orchflow-render--screen)
  (forward-line row))

(defun orchflow-render--put (block)
  "Put the rows of BLOCK into the screen in place of what is there."
  (orchflow-render--goto (aref block 0))
  (let ((start (point)))
    (forward-line (1- (aref block 1)))
    (delete-region start (line-end-position))
    (goto-char start)
    (insert (aref block 2))
    (unless (eobp) (remove-text-properties (point) (1+ (point)) '(orchflow-wrapped nil)))
    (orchflow-render--decorate start block)))

(defun orchflow-render--delete-rows (first count)
  "Take COUNT rows from FIRST on out of the screen."
  (orchflow-render--goto first)
  (let ((start (point)))
    ;; The last row of the buffer has no line feed: the one before the rows goes.
    (if (>= (+ first count) orchflow-render--rows)
        (delete-region (1- start) (point-max))
      (forward-line count)
      (delete-region start (point)))))

(defun orchflow-render--scroll (top bottom rows)
  "Move the rows from TOP up to BOTTOM up by ROWS, or down if negative."
  (let* ((count (abs rows)) (blank (make-string count ?\n)))
    (if (> rows 0)
        (progn
          (orchflow-render--delete-rows top count)
          (if (< bottom orchflow-render--rows)
              (orchflow-render--goto (- bottom count))
            (goto-char (point-max)))
          (insert blank))
      (orchflow-render--delete-rows (- bottom count) count)
      (orchflow-render--goto top)
      (insert blank))))

(defun orchflow-render--blank (rows)
  "Make the screen ROWS empty rows."
  (delete-region orchflow-render--screen (point-max))
  (goto-char (point-max))
  (insert (make-string (1- rows) ?\n)))

;;;; Scrollback

(defun orchflow-render--drop-oldest (count)
  "Take the COUNT oldest rows out of the scrollback of the buffer."
  (when (> count 0)
    (goto-char (point-min))
    (forward-line count)
    (delete-region (point-min) (min (point) orchflow-render--screen))
    (cl-decf orchflow-render--history count)))

(defun orchflow-render--drop-newest (count)
  "Take the COUNT newest rows out of the scrollback of the buffer: they are on the screen again."
  (when (> count 0)
    (goto-char orchflow-render--screen)
    (forward-line (- count))
    (delete-region (point) orchflow-render--screen)
    (cl-decf orchflow-render--history count)
    (orchflow-render--note-place (orchflow-render--engine-rows -1 1))))

(defun orchflow-render--engine-rows (first count)
  "(BLOCKS LINE COLUMN): COUNT rows of the engine from FIRST on, and the place of the last one."
  (orchflow-module-rows (orchflow-engine-pointer orchflow-render--engine) orchflow-render--terminal first count))

(defun orchflow-render--note-place (rows)
  "Note that the last one of ROWS is the newest row of the scrollback in the buffer."
  (pcase-let ((`(,_ ,line ,column) rows))
    (setq orchflow-render--place (and line (> orchflow-render--history 0) (cons line column)))))

(defun orchflow-render--copy (count &optional most)
  "Copy the COUNT newest rows of the engine's scrollback to the end of the buffer's.
With MOST, copy no more than so many of them, the oldest ones."
  (when (> count 0)
    (let ((rows (orchflow-render--engine-rows (- count) (min count (or most count)))))
      (dolist (block (car rows))
        (goto-char orchflow-render--screen)
        (let ((start (point)))
          ;; Whatever is at the beginning of the screen stays there.
          (insert-before-markers (aref block 2) "\n")
          (orchflow-render--decorate start block)
          (cl-incf orchflow-render--history (aref block 1))))
      (orchflow-render--note-place rows))))

(defun orchflow-render--row-of-place ()
  "Where the row is now that the buffer's scrollback ends with; nil if that cannot be said."
  (and orchflow-render--place
       (not (eq orchflow-render--lags 'all))
       (orchflow-module-position (orchflow-engine-pointer orchflow-render--engine) orchflow-render--terminal
                                 (car orchflow-render--place) (cdr orchflow-render--place))))

(defun orchflow-render--scrolled (history)
  "Copy rows that have scrolled away, or note that the scrollback lags; HISTORY as in the update."
  (let ((row (orchflow-render--row-of-place)))
    (cond
     ((null row)
      (if (and (null orchflow-render--place) (= orchflow-render--history 0) (<= history orchflow-render--at-once))
          (orchflow-render--copy history)
        (setq orchflow-render--lags 'all)))
     ((< row (- orchflow-render--at-once)) (setq orchflow-render--lags t))
     ((< row 0) (orchflow-render--copy (- -1 row)))
     (t (orchflow-render--drop-newest (min (1+ row) orchflow-render--history))))))

(defun orchflow-render--follow-history (history line column)
  "Bring the scrollback up to date: HISTORY rows, and the screen begins at LINE and COLUMN."
  (let ((now (list history line column)))
    (unless (or orchflow-render--lags (equal now orchflow-render--seen))
      (orchflow-render--scrolled history)
      (setq orchflow-render--seen now)))
  (if orchflow-render--lags
      (orchflow-render--catch-up-later)
    ;; Both have the same limit; the engine has fewer rows after the program has cleared them.
    (orchflow-render--drop-oldest (- orchflow-render--history history))
    (when (zerop orchflow-render--history) (setq orchflow-render--place nil))))

(defun orchflow-render--catch-up-later (&optional soon)
  "Catch up once the updates pause, or SOON if they do already."
  (unless orchflow-render--timer
    (setq orchflow-render--timer
          (run-with-timer (if soon 0.01 orchflow-render--pause) nil #'orchflow-render--timer (current-buffer)))))

(defun orchflow-render--timer (buffer)
  "Catch up in BUFFER by a slice, or later if it is still being flooded."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (setq orchflow-render--timer nil)
      (when orchflow-render--lags
        (if (< (- (float-time) orchflow-render--updated-at) orchflow-render--pause)
            (orchflow-render--catch-up-later)
          (when (orchflow-render-catch-up orchflow-render--slice) (orchflow-render--catch-up-later t)))))))

(defun orchflow-render--missing ()
  "How many rows the scrollback of the buffer lacks.  If none of those that it has is right, they go."
  (let ((row (orchflow-render--row-of-place)))
    (if (and row (< row 0))
        (- -1 row)
      (orchflow-render--drop-oldest orchflow-render--history)
      (setq orchflow-render--history 0
            orchflow-render--place nil)
      (nth 4 (orchflow-module-terminal-state (orchflow-engine-pointer orchflow-render--engine)
                                             orchflow-render--terminal)))))

(defun orchflow-render-catch-up (&optional most)
  "Copy what is missing in the scrollback of this buffer, with MOST not more than so many rows.
Non-nil if there is more to copy now.  On the alternate screen the scrollback waits."
  (when (and orchflow-render--lags orchflow-render--terminal
             (zerop (logand orchflow-render--modes orchflow-render--alternate)))
    (let ((inhibit-read-only t) (inhibit-modification-hooks t)
          (windows (orchflow-render--followers)))
      (save-excursion
        (let ((missing (orchflow-render--missing)))
          (orchflow-render--copy missing most)
          (setq orchflow-render--lags (and most (> missing most))
                orchflow-render--seen nil))
        (orchflow-render--drop-oldest (- orchflow-render--history orchflow-scrollback)))
      (orchflow-render--show windows)
      orchflow-render--lags)))

;;;; Cursor and windows

(defun orchflow-render--followers ()
  "The windows whose point is at the cursor, and t if that of the buffer is."
  (cons (= (point) orchflow-render--cursor)
        (cl-remove-if-not (lambda (window) (= (window-point window) orchflow-render--cursor))
                          (get-buffer-window-list nil nil t))))

(defun orchflow-render--remove-padding ()
  "Take out the blanks that the cursor needed."
  (when orchflow-render--padding
    (delete-region (car orchflow-render--padding) (cdr orchflow-render--padding))
    (set-marker (car orchflow-render--padding) nil)
    (set-marker (cdr orchflow-render--padding) nil)
    (setq orchflow-render--padding nil)))

(defun orchflow-render--place-cursor (row col)
  "Put the cursor to ROW and COL; a row that ends before it gets blanks."
  (orchflow-render--goto row)
  (let ((missing (- col (move-to-column col))))
    (when (> missing 0)
      (let ((start (copy-marker (point))))
        (insert (make-string missing ?\s))
        (setq orchflow-render--padding (cons start (copy-marker (point)))))))
  (set-marker orchflow-render--cursor (point)))

(defun orchflow-render--show (followers)
  "Let FOLLOWERS show the screen with the cursor."
  (when (car followers) (goto-char orchflow-render--cursor))
  (dolist (window (cdr followers))
    (set-window-point window orchflow-render--cursor)
    (when (>= (window-body-height window) orchflow-render--rows)
      (set-window-start window orchflow-render--screen t))))

(defun orchflow-render--set-cursor-type (shape flags)
  "Show the cursor as SHAPE and FLAGS say."
  (let ((type (cond ((zerop (logand flags orchflow-render--cursor-visible)) nil)
                    ((= shape 1) 'hbar)
                    ((= shape 2) 'bar)
                    (t 'box))))
    (unless (eq type cursor-type) (setq-local cursor-type type))))

(defun orchflow-render--set-reverse (modes)
  "Exchange the colours of the whole screen if MODES say so."
  (let ((reversed (/= 0 (logand modes orchflow-render--reverse))))
    (cond
     ((and reversed (null orchflow-render--reversed))
      (setq orchflow-render--reversed (face-remap-add-relative 'default :inverse-video t)))
     ((and orchflow-render--reversed (not reversed))
      (face-remap-remove-relative orchflow-render--reversed)
      (setq orchflow-render--reversed nil)))))

;;;; Updates

(defun orchflow-render-start (engine terminal)
  "Prepare the current buffer, which is empty, for TERMINAL of ENGINE."
  (setq orchflow-render--engine engine
        orchflow-render--terminal terminal
        orchflow-render--screen (point-min-marker)
        orchflow-render--cursor (point-min-marker)
        orchflow-render--rows 1))

(defun orchflow-render--apply-size (cols rows)
  "Note that the screen has COLS and ROWS."
  (unless (or (= cols orchflow-render--cols) (zerop orchflow-render--cols))
    ;; Rows of the scrollback are wrapped anew.
    (setq orchflow-render--lags 'all))
  (setq orchflow-render--cols cols orchflow-render--rows rows))

(defun orchflow-render-update (update)
  "Apply UPDATE of the module to the current buffer."
  (pcase-let ((`[,_reader ,full ,modes ,cols ,rows ,history ,_viewport ,row ,col ,shape ,flags ,_title ,line ,column
                 ,scrolls ,blocks]
               update)
              (inhibit-read-only t) (inhibit-modification-hooks t)
              (windows (orchflow-render--followers)))
    (setq orchflow-render--updated-at (float-time))
    (save-excursion
      (orchflow-render--remove-padding)
      (orchflow-render--apply-size cols rows)
      (when full (orchflow-render--blank rows))
      (pcase-dolist (`(,top ,bottom ,by) scrolls) (orchflow-render--scroll top bottom by))
      (mapc #'orchflow-render--put blocks)
      (when line (orchflow-render--follow-history history line column))
      (orchflow-render--place-cursor row col))
    (setq orchflow-render--modes modes)
    (orchflow-render--set-cursor-type shape flags)
    (orchflow-render--set-reverse modes)
    (orchflow-render--show windows)))

(defun orchflow-render-end (text)
  "Show TEXT below the last screen: the program has ended."
  (orchflow-render-catch-up)
  (when orchflow-render--timer (cancel-timer orchflow-render--timer))
  (let ((inhibit-read-only t) (windows (orchflow-render--followers)))
    (save-excursion
      (orchflow-render--remove-padding)
      ;; Below what the program has written, not below the empty rows.
      (goto-char (point-max))
      (skip-chars-backward "\n" orchflow-render--screen)
      (delete-region (point) (point-max))
      (insert (if (= (point) (point-min)) "" "\n") text "\n")
      (set-marker orchflow-render--cursor (point)))
    (setq orchflow-render--terminal nil)
    (setq-local cursor-type t)
    (when (car windows) (goto-char orchflow-render--cursor))
    (dolist (window (cdr windows)) (set-window-point window orchflow-render--cursor))))

(defun orchflow-render-filter-substring (start end delete)
  "Text of the buffer from START to END as lines of the program; DELETE it too if that is asked for."
  (let ((text (buffer-substring start end)) (parts nil) (from 0) place)
    (while (setq place (text-property-any from (length text) 'orchflow-wrapped t text))
      (push (substring text from place) parts)
      (setq from (1+ place)))
    (push (substring text from) parts)
    (when delete (delete-region start end))
    (let ((joined (apply #'concat (nreverse parts))))
      (remove-list-of-text-properties 0 (length joined) '(face orchflow-link help-echo mouse-face keymap) joined)
      (replace-regexp-in-string "[ \t]+$" "" joined))))

(provide 'orchflow-render)
;;; orchflow-render.el ends here
