;;; orchflow.el --- Terminals that stay quick, and watched directories  -*- lexical-binding: t; byte-compile-docstring-max-column: 120 -*-

;; SPDX-License-Identifier: MIT OR Apache-2.0
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: processes, terminals, files

;;; Commentary:

;; `M-x orchflow' is a shell in a terminal, `M-x orchflow-command' any program.  Keys go to the program, except some
;; that Emacs keeps (`orchflow-kept-keys'); what begins with C-c is described by `C-h m'.
;;
;; Killing the buffer closes the terminal.

;;; Code:

(require 'cl-lib)
(require 'orchflow-engine)
(require 'orchflow-render)
(require 'orchflow-keys)
(require 'orchflow-watch)

(declare-function orchflow-module-spawn "orchflow-module")
(declare-function orchflow-module-attach "orchflow-module")
(declare-function orchflow-module-write "orchflow-module")
(declare-function orchflow-module-paste "orchflow-module")
(declare-function orchflow-module-resize "orchflow-module")
(declare-function orchflow-module-close "orchflow-module")
(declare-function orchflow-module-signal "orchflow-module")
(declare-function orchflow-module-clear "orchflow-module")
(declare-function orchflow-module-set-colors "orchflow-module")
(declare-function orchflow-module-pause-reader "orchflow-module")
(declare-function orchflow-module-terminal-state "orchflow-module")
(declare-function orchflow-module-rows "orchflow-module")

(defcustom orchflow-shell nil
  "The shell of `orchflow', a command with arguments; nil for that of the user."
  :type '(choice (const :tag "The user's" nil) string)
  :group 'orchflow)

(defcustom orchflow-kept-keys '("C-c" "C-x" "C-u" "C-g" "C-h" "M-x" "M-o" "C-y" "M-y")
  "Keys that Emacs keeps.  Set it before the package is loaded, or use `customize'."
  :type '(repeat string)
  :group 'orchflow
  :set (lambda (name value)
         (set-default name value)
         (when (fboundp 'orchflow--make-map) (orchflow--make-map))))

(defcustom orchflow-grace 2.0
  "Seconds between SIGHUP and SIGKILL for a program whose buffer is killed."
  :type 'number
  :group 'orchflow)

(defcustom orchflow-ask-before-killing t
  "Whether killing the buffer of a running program has to be confirmed."
  :type 'boolean
  :group 'orchflow)

(defcustom orchflow-kill-buffer-at-exit nil
  "Whether the buffer goes when its program ends."
  :type 'boolean
  :group 'orchflow)

(defcustom orchflow-allow-clipboard nil
  "Whether programs may put text into the kill ring (OSC 52)."
  :type 'boolean
  :group 'orchflow)

(defcustom orchflow-escape-delay 0.05
  "Seconds after which ESC on a text terminal is a key of its own, not the beginning of another one."
  :type 'number
  :group 'orchflow)

(defvar-local orchflow--reader nil "The reader of the screen of this buffer.")
(defvar-local orchflow--words nil "The command of this buffer, for starting it again.")
(defvar-local orchflow--waiting nil "Strings that the engine has no room for yet, the first one first.")
(defvar-local orchflow--ended nil "How the program has ended, a text.")
(defvar-local orchflow--title nil "The title that the program has set.")
(defvar-local orchflow--copying nil "Non-nil while the screen stands still for reading.")
(defvar-local orchflow--pressed nil "(TYPE . PLACE) of the button that is down, and where it was reported last.")
(defvar-local orchflow--mouse nil "Non-nil while the program asks for the mouse.")

;;;; Input

(defun orchflow--pointer ()
  "The engine of this buffer for the module; an error if the program has ended."
  (unless (and orchflow-render--terminal (orchflow-engine-pointer orchflow-render--engine))
    (user-error "The program has ended"))
  (orchflow-engine-pointer orchflow-render--engine))

(defun orchflow--write (bytes)
  "Type BYTES; what the engine has no room for waits."
  (if orchflow--waiting
      (setq orchflow--waiting (nconc orchflow--waiting (list bytes)))
    (let ((accepted (orchflow-module-write (orchflow--pointer) orchflow-render--terminal bytes)))
      (when (< accepted (length bytes))
        (setq orchflow--waiting (list (substring bytes accepted)))))))

(defun orchflow--write-waiting ()
  "Type what waits."
  (let ((strings orchflow--waiting))
    (setq orchflow--waiting nil)
    (mapc #'orchflow--write strings)))

(defun orchflow-send-string (string)
  "Type STRING into the terminal of this buffer."
  (orchflow--write (if (multibyte-string-p string) (encode-coding-string string 'utf-8-unix t) string)))

(defun orchflow-paste (text)
  "Paste TEXT into the terminal of this buffer."
  (orchflow--follow)
  (orchflow-module-paste (orchflow--pointer) orchflow-render--terminal (encode-coding-string text 'utf-8-unix t)))

(defun orchflow--follow ()
  "Go to the cursor, so that the window shows the screen."
  (goto-char orchflow-render--cursor))

(defun orchflow--send-event (event prefix)
  "Send what EVENT of the keyboard stands for, behind PREFIX."
  (let ((keys (orchflow-keys-encode event orchflow-render--modes)))
    (when keys
      (orchflow--follow)
      (orchflow-send-string (concat prefix keys)))))

(defun orchflow-send-key ()
  "Send the key that was pressed."
  (interactive)
  (orchflow--send-event last-command-event ""))

(defun orchflow-send-meta-key ()
  "Send the key that was pressed with the meta key, or behind ESC."
  (interactive)
  (orchflow--send-event last-command-event
                        (if (and (integerp last-command-event) (/= 0 (logand last-command-event ?\M-\0))) "" "\e")))

(defun orchflow-send-next-key ()
  "Send the next key, whatever it is."
  (interactive)
  (orchflow--send-event (let ((inhibit-quit t)) (prog1 (read-event "Send key: ") (setq quit-flag nil))) ""))

(defun orchflow-send-escape ()
  "Send ESC."
  (interactive)
  (orchflow-send-string "\e"))

(defun orchflow-yank (&optional argument)
  "Paste the last kill, or the one that ARGUMENT says as in `yank'."
  (interactive "P")
  (orchflow-paste (current-kill (cond ((listp argument) 0) ((eq argument '-) -2) (t (1- argument))))))

(defun orchflow-yank-pop ()
  "Paste a kill that is chosen from the kill ring."
  (interactive)
  (orchflow-paste (read-from-kill-ring "Paste: ")))

(defun orchflow-xterm-paste (event)
  "Paste the text of EVENT, a paste of the terminal that Emacs runs in."
  (interactive "e")
  (orchflow-paste (nth 1 event)))

(defun orchflow-mouse-yank (event)
  "Paste the primary selection into the terminal of the window of EVENT."
  (interactive "e")
  (select-window (posn-window (event-start event)))
  (orchflow-paste (gui-get-primary-selection)))

(defun orchflow-interrupt ()
  "Send C-c."
  (interactive)
  (orchflow-send-string "\C-c"))

(defun orchflow-clear ()
  "Drop the scrollback and the rows above the cursor's.  The program does not notice."
  (interactive)
  (orchflow-module-clear (orchflow--pointer) orchflow-render--terminal))

;;;; Mouse

(defun orchflow--mouse-place (position)
  "(COL . ROW) of POSITION of a mouse event on the screen of this buffer; nil if it is elsewhere."
  (let ((window (posn-window position)) (place (posn-col-row position)))
    (when (and (windowp window) (eq (window-buffer window) (current-buffer)) (posn-point position))
      (let* ((start (window-start window))
             (above (if (< start orchflow-render--screen)
                        (- (count-lines start orchflow-render--screen))
                      (count-lines orchflow-render--screen start)))
             (row (+ (cdr place) above)))
        (when (and (<= 0 row) (< row orchflow-render--rows))
          (cons (min (+ (car place) (window-hscroll window)) (1- orchflow-render--cols)) row))))))

(defun orchflow--send-mouse (kind event type place)
  "Report KIND of the mouse EVENT of TYPE at PLACE."
  (let ((bytes (and place (orchflow-keys-mouse kind type (event-modifiers event) (car place) (cdr place)
                                               orchflow-render--modes))))
    (when bytes (orchflow-send-string bytes))))

(defun orchflow-mouse-press (event)
  "Report the press of the button of EVENT."
  (interactive "e")
  (let ((window (posn-window (event-start event))))
    (when (windowp window) (select-window window)))
  (let* ((type (event-basic-type event)) (place (orchflow--mouse-place (event-start event))))
    (when place
      (orchflow--follow)
      (setq orchflow--pressed (cons type place))
      (orchflow--send-mouse 'press event type place)
      ;; Until the release, motion is an event.
      (when (orchflow-keys-drags-p orchflow-render--modes) (setq track-mouse t)))))

(defun orchflow-mouse-drag (event)
  "Report the motion of the mouse in EVENT while a button is down."
  (interactive "e")
  (let ((place (orchflow--mouse-place (event-start event))))
    (when (and orchflow--pressed place (not (equal place (cdr orchflow--pressed))))
      (setcdr orchflow--pressed place)
      (orchflow--send-mouse 'drag event (car orchflow--pressed) place))))

(defun orchflow-mouse-release (event)
  "Report the release of the button of EVENT."
  (interactive "e")
  (setq track-mouse nil)
  (when orchflow--pressed
    (let ((place (or (orchflow--mouse-place (event-end event)) (cdr orchflow--pressed))))
      (orchflow--send-mouse 'release event (event-basic-type event) place)
      (setq orchflow--pressed nil))))

(defun orchflow-mouse-wheel (event)
  "Report the wheel of EVENT."
  (interactive "e")
  (let ((window (posn-window (event-start event))))
    (when (windowp window)
      (with-current-buffer (window-buffer window)
        (orchflow--send-mouse 'press event (event-basic-type event)
                              (orchflow--mouse-place (event-start event)))))))

(defun orchflow-wheel-as-keys (event)
  "Send keys of the cursor for the wheel of EVENT, as programs on the alternate screen want."
  (interactive "e")
  (let ((key (if (memq (event-basic-type event) '(mouse-4 wheel-up)) 'up 'down)))
    (with-current-buffer (window-buffer (posn-window (event-start event)))
      (dotimes (_ 3) (orchflow-send-string (orchflow-keys-encode key orchflow-render--modes))))))

;;;; Keymaps

(defvar orchflow-mode-map (make-sparse-keymap) "Keys of terminals.")
(defvar orchflow-mouse-map (make-sparse-keymap) "Mouse of programs that ask for it.")
(defvar orchflow-wheel-map (make-sparse-keymap) "Wheel of programs on the alternate screen.")
(defvar-local orchflow--wheel nil "Non-nil while the wheel sends keys.")

(defvar orchflow-copy-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-t") #'orchflow-copy-mode)
    (define-key map (kbd "q") #'orchflow-copy-mode)
    (define-key map (kbd "RET") #'orchflow-copy-done)
    map)
  "Keys while the screen stands still.")

(defvar orchflow-ended-map
  (let ((map (make-sparse-keymap)))
    (suppress-keymap map)
    (define-key map (kbd "q") #'quit-window)
    (define-key map (kbd "k") #'kill-current-buffer)
    (define-key map (kbd "g") #'orchflow-again)
    map)
  "Keys after the program has ended.")

(defun orchflow--bind-commands (map)
  "Bind commands of terminals in MAP."
  (pcase-dolist (`(,key . ,command)
                 '(("C-c C-c" . orchflow-interrupt) ("C-c C-q" . orchflow-send-next-key)
                   ("C-c C-t" . orchflow-copy-mode) ("C-c C-l" . orchflow-clear) ("C-c ESC" . orchflow-send-escape)
                   ("C-c C-y" . orchflow-yank) ("C-y" . orchflow-yank) ("M-y" . orchflow-yank-pop)
                   ("C-c C-x" . orchflow-send-key) ("C-c C-u" . orchflow-send-key) ("C-c C-g" . orchflow-send-key)
                   ("C-c C-h" . orchflow-send-key) ("C-c RET" . orchflow-open-link)
                   ("<xterm-paste>" . orchflow-xterm-paste) ("<mouse-2>" . orchflow-mouse-yank)))
    (define-key map (kbd key) command)))

(defun orchflow--make-map ()
  "Make `orchflow-mode-map' anew."
  (setcdr orchflow-mode-map nil)
  (let ((map orchflow-mode-map) (kept (mapcar #'kbd orchflow-kept-keys)))
    (cl-flet ((bind (key command) (unless (member key kept) (define-key map key command))))
      (define-key map [remap self-insert-command] #'orchflow-send-key)
      (dolist (char (append (number-sequence 0 26) (number-sequence 28 31) '(127)))
        (bind (string char) #'orchflow-send-key))
      (dolist (char (number-sequence 0 127))
        ;; ESC [ and ESC O begin what function keys send to Emacs itself.
        (unless (memq char '(27 ?\[ ?O))
          (unless (member (vector (event-convert-list (list 'meta char))) kept)
            (bind (vector 27 char) #'orchflow-send-meta-key))))
      (dolist (key kept)
        (when (and (vectorp key) (= (length key) 1) (integerp (aref key 0)) (/= 0 (logand (aref key 0) ?\M-\0)))
          (define-key map (vector 27 (logand (aref key 0) #x3fffff)) nil)))
      (dolist (char (append "0123456789/ " nil))
        (bind (vector (event-convert-list (list 'control char))) #'orchflow-send-key))
      (dolist (name orchflow-keys-names)
        (dolist (modifiers '(() (shift) (control) (meta) (shift control) (shift meta) (control meta)
                             (shift control meta)))
          (bind (vector (event-convert-list (append modifiers (list name)))) #'orchflow-send-key)))
      (orchflow--bind-commands map))))

(defun orchflow--make-mouse-maps ()
  "Fill the maps of the mouse."
  (define-key orchflow-mouse-map [mouse-movement] #'orchflow-mouse-drag)
  (dolist (modifiers '(() (shift) (control) (meta)))
    (dolist (button '(mouse-1 mouse-2 mouse-3))
      (dolist (kind '((down) (double down) (triple down)))
        (define-key orchflow-mouse-map (vector (event-convert-list (append modifiers kind (list button))))
          #'orchflow-mouse-press))
      (dolist (kind '(() (double) (triple) (drag)))
        (define-key orchflow-mouse-map (vector (event-convert-list (append modifiers kind (list button))))
          #'orchflow-mouse-release)))
    (dolist (wheel '(mouse-4 mouse-5 wheel-up wheel-down))
      (dolist (kind '(() (double) (triple)))
        (let ((key (vector (event-convert-list (append modifiers kind (list wheel))))))
          (define-key orchflow-mouse-map key #'orchflow-mouse-wheel)
          (unless modifiers (define-key orchflow-wheel-map key #'orchflow-wheel-as-keys)))))))

(orchflow--make-map)
(orchflow--make-mouse-maps)

(defvar orchflow--mode-maps
  `((orchflow--mouse . ,orchflow-mouse-map) (orchflow--wheel . ,orchflow-wheel-map))
  "Maps that count while their variable is set.")

(defun orchflow--escape (map)
  "Make ESC the key `escape' if nothing follows at once; else MAP, what it begins."
  (let ((keys (this-single-command-keys)))
    (if (and (derived-mode-p 'orchflow-mode) orchflow-render--terminal (not orchflow--copying)
             (equal keys [27])
             (sit-for orchflow-escape-delay))
        [escape]
      map)))

(defun orchflow--prepare-text-terminal (&optional frame)
  "Let ESC be a key of its own in terminals on the text terminal of FRAME."
  (let ((terminal (frame-terminal frame)))
    (when (and (eq (terminal-live-p terminal) t) (not (terminal-parameter terminal 'orchflow-escape)))
      (with-selected-frame (or frame (selected-frame))
        (let ((map (lookup-key input-decode-map [27])))
          (when (keymapp map)
            (set-terminal-parameter terminal 'orchflow-escape t)
            (define-key input-decode-map [27]
              `(menu-item "" ,map :filter orchflow--escape))))))))

;;;; Events

(defun orchflow--note-modes ()
  "Adapt to the modes of the screen."
  (let ((modes orchflow-render--modes))
    (setq orchflow--mouse (orchflow-keys-mouse-p modes)
          ;; The alternate screen (1) with scrolling by keys (1024).
          orchflow--wheel (and (not orchflow--mouse) (= (logand modes 1025) 1025)))))

(defun orchflow--note-title (title)
  "Show TITLE in the mode line."
  (setq orchflow--title title)
  (force-mode-line-update))

(defun orchflow--note-directory (bytes)
  "Use the directory BYTES, which the program has reported."
  (let ((directory (file-name-as-directory (orchflow-watch--decode bytes))))
    (when (and (file-name-absolute-p directory) (file-directory-p directory))
      (setq default-directory directory))))

(defun orchflow--note-exit (kind value)
  "Note that the program has ended as KIND and VALUE say."
  (setq orchflow--ended
        (pcase kind
          ('code (format "exited with code %d" value))
          ('signal (format "was killed by signal %d" value))
          (_ "has ended")))
  (let ((terminal orchflow-render--terminal) (engine orchflow-render--engine))
    (orchflow-render-end (format "[The program %s]" orchflow--ended))
    (orchflow-module-close (orchflow-engine-pointer engine) terminal 0))
  (setq orchflow--mouse nil orchflow--wheel nil orchflow--waiting nil orchflow--copying nil)
  (use-local-map orchflow-ended-map)
  (force-mode-line-update)
  (when orchflow-kill-buffer-at-exit (kill-buffer)))

(defun orchflow--handle (buffer event)
  "Do what EVENT of the terminal of BUFFER says."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (pcase event
        (`(screen ,_ ,update)
         (orchflow-render-update update)
         (orchflow--note-modes))
        (`(input-ready ,_) (orchflow--write-waiting))
        (`(input-truncated ,_) (message "%s: a line was longer than the program's terminal takes" (buffer-name)))
        (`(title ,_ ,title) (orchflow--note-title title))
        (`(cwd ,_ ,path) (orchflow--note-directory path))
        (`(bell ,_ ,_) (ding t))
        (`(notification ,_ ,title ,body) (message "%s%s" (if (equal title "") "" (concat title ": ")) body))
        (`(clipboard ,_ ,text ,_) (when orchflow-allow-clipboard (kill-new text)))
        (`(exited ,_ ,kind ,value) (orchflow--note-exit kind value))))))

;;;; Windows

(defun orchflow--size ()
  "(COLS . ROWS) of the smallest window that shows this buffer; nil if none does."
  (let ((windows (get-buffer-window-list nil 'no-minibuffer t)))
    (when windows
      (cons (max 2 (apply #'min (mapcar #'window-max-chars-per-line windows)))
            (max 1 (apply #'min (mapcar #'window-body-height windows)))))))

(defun orchflow--adapt-size (&rest _)
  "Give the terminal the size of its window."
  (let ((size (orchflow--size)))
    (when (and size orchflow-render--terminal (orchflow-engine-pointer orchflow-render--engine)
               (not (equal size (cons orchflow-render--cols orchflow-render--rows))))
      (orchflow-module-resize (orchflow--pointer) orchflow-render--terminal (car size) (cdr size)))))

(defun orchflow--window-changed (window)
  "Adapt to WINDOW, which shows this buffer since now or has another size."
  (when (window-live-p window)
    (with-current-buffer (window-buffer window) (orchflow--adapt-size))))

(defun orchflow--focus-changed (window)
  "Report to the program whether WINDOW is selected, if it wants to know."
  (with-current-buffer (if (window-live-p window) (window-buffer window) (current-buffer))
    ;; Reports of the focus are mode 512.
    (when (and orchflow-render--terminal (/= 0 (logand orchflow-render--modes 512)))
      (orchflow-send-string (if (eq (current-buffer) (window-buffer (selected-window))) "\e[I" "\e[O")))))

(defun orchflow--rgb (color fallback)
  "COLOR, a name, as a number of the engine, or that of FALLBACK."
  (let ((values (or (and color (color-values color)) (color-values fallback))))
    (logior #x2000000 (ash (ash (nth 0 values) -8) 16) (ash (ash (nth 1 values) -8) 8) (ash (nth 2 values) -8))))

(defun orchflow--colors ()
  "(FOREGROUND . BACKGROUND) of the selected frame, for programs that ask."
  (let ((dark (eq (frame-parameter nil 'background-mode) 'dark)))
    (cons (orchflow--rgb (face-foreground 'default nil t) (if dark "white" "black"))
          (orchflow--rgb (face-background 'default nil t) (if dark "black" "white")))))

;;;; Copying

(defun orchflow-copy-mode ()
  "Let the screen stand still and Emacs have all keys, or end that.
The program goes on meanwhile.  RET copies the region and ends it."
  (interactive)
  (let ((pointer (orchflow--pointer)))
    (setq orchflow--copying (not orchflow--copying))
    (orchflow-module-pause-reader pointer orchflow--reader orchflow--copying)
    (if orchflow--copying
        (progn
          (orchflow-render-catch-up)
          (setq orchflow--mouse nil orchflow--wheel nil)
          (setq-local cursor-type t)
          (use-local-map orchflow-copy-map)
          (message "The screen stands still; q ends that, RET copies the region"))
      (use-local-map orchflow-mode-map)
      (deactivate-mark)
      (orchflow--follow))
    (force-mode-line-update)))

(defun orchflow-copy-done ()
  "Copy the region, if there is one, and end `orchflow-copy-mode'."
  (interactive)
  (when (use-region-p) (copy-region-as-kill nil nil 'region))
  (orchflow-copy-mode))

(defun orchflow--before-command ()
  "Have the scrollback complete for commands that look at it."
  (when (and orchflow-render--lags
             (not (memq this-command '(orchflow-send-key orchflow-send-meta-key orchflow-mouse-press orchflow-mouse-drag
                                       orchflow-mouse-release orchflow-interrupt
                                       orchflow-mouse-wheel orchflow-wheel-as-keys))))
    (orchflow-render-catch-up)))

;;;; The mode

(defun orchflow--mode-line ()
  "What the mode line says beside the name of the mode."
  (concat (cond (orchflow--ended (concat " " orchflow--ended))
                (orchflow--copying " copy"))
          (when (and orchflow--title (not (equal orchflow--title ""))) (concat " " orchflow--title))))

(define-derived-mode orchflow-mode fundamental-mode "Terminal"
  "A terminal of the OrchFlow engine.
Keys go to the program, except those of `orchflow-kept-keys'.
\\<orchflow-mode-map>
\\[orchflow-interrupt] sends C-c, \\[orchflow-send-next-key] any key, \\[orchflow-yank] pastes.
\\[orchflow-copy-mode] lets the screen stand still, for reading and copying.
\\[orchflow-clear] drops the scrollback."
  :group 'orchflow
  :syntax-table nil
  (buffer-disable-undo)
  (setq buffer-read-only t)
  (setq-local truncate-lines t
              scroll-conservatively 101
              scroll-margin 0
              auto-hscroll-mode nil
              bidi-display-reordering nil
              show-trailing-whitespace nil
              font-lock-defaults nil
              line-spacing nil
              filter-buffer-substring-function #'orchflow-render-filter-substring
              mode-line-process '(:eval (orchflow--mode-line))
              window-point-insertion-type nil)
  (add-to-list (make-local-variable 'minor-mode-overriding-map-alist) (car orchflow--mode-maps))
  (add-to-list 'minor-mode-overriding-map-alist (cadr orchflow--mode-maps))
  (add-hook 'window-size-change-functions #'orchflow--window-changed nil t)
  (add-hook 'window-buffer-change-functions #'orchflow--window-changed nil t)
  (add-hook 'window-selection-change-functions #'orchflow--focus-changed nil t)
  (add-hook 'pre-command-hook #'orchflow--before-command nil t)
  (add-hook 'kill-buffer-query-functions #'orchflow--may-be-killed nil t)
  (add-hook 'kill-buffer-hook #'orchflow--close nil t))

(put 'orchflow-mode 'mode-class 'special)

(defun orchflow--may-be-killed ()
  "Ask before a running program is killed."
  (or (null orchflow-render--terminal)
      (not orchflow-ask-before-killing)
      (yes-or-no-p (format "The program in %s is running; kill it? " (buffer-name)))))

(defun orchflow--emacs-may-be-killed ()
  "Ask once before Emacs is killed with running programs."
  (or (not orchflow-ask-before-killing)
      (not (cl-some (lambda (buffer) (buffer-local-value 'orchflow-render--terminal buffer)) (buffer-list)))
      (yes-or-no-p "Programs are running in terminals; kill them and exit anyway? ")))

(defun orchflow--close ()
  "Close the terminal of this buffer."
  (when orchflow-render--timer (cancel-timer orchflow-render--timer))
  (when (and orchflow-render--terminal (orchflow-engine-pointer orchflow-render--engine))
    (let ((pointer (orchflow-engine-pointer orchflow-render--engine)) (terminal orchflow-render--terminal))
      (setq orchflow-render--terminal nil)
      (orchflow-module-close pointer terminal (round (* 1000 orchflow-grace))))))

(defun orchflow--spawn (engine words)
  "Start the program WORDS, nil for the user's shell, in a new terminal of ENGINE: its id."
  (pcase-let ((`(,cols . ,rows) (or (orchflow--size) (cons (window-max-chars-per-line) (window-body-height))))
              (`(,foreground . ,background) (orchflow--colors))
              (coding (or locale-coding-system 'utf-8)))
    (orchflow-module-spawn
     (orchflow-engine-pointer engine)
     (vconcat (mapcar (lambda (word) (encode-coding-string word coding t)) words))
     (vconcat (mapcar (lambda (setting) (encode-coding-string setting coding t)) (orchflow--environment)))
     (orchflow-watch--encode default-directory)
     (max 2 cols) (max 1 rows) orchflow-scrollback foreground background orchflow-allow-clipboard)))

(defun orchflow--environment ()
  "What Emacs has set in its environment since it was started, and how a program finds out where it runs."
  (append
   (cl-loop for setting in (reverse process-environment)
            unless (or (member setting initial-environment)
                       (string-match-p "\\`\\(TERM\\|COLORTERM\\|INSIDE_EMACS\\|LINES\\|COLUMNS\\)\\(=\\|\\'\\)" setting))
            collect setting)
   (list (format "INSIDE_EMACS=%s,orchflow" emacs-version))))

(defun orchflow--start (buffer words)
  "Start WORDS in a terminal in BUFFER, which is shown already."
  (with-current-buffer buffer
    (let* ((engine (orchflow-engine)) (terminal (orchflow--spawn engine words)))
      (orchflow-mode)
      (setq orchflow--words words)
      (orchflow-render-start engine terminal)
      (orchflow-engine-handle engine terminal (lambda (event) (orchflow--handle buffer event)))
      (setq orchflow--reader (orchflow-module-attach (orchflow-engine-pointer engine) terminal))
      (add-hook 'kill-emacs-query-functions #'orchflow--emacs-may-be-killed)
      (advice-add 'enable-theme :after #'orchflow-render-forget-faces)
      (advice-add 'disable-theme :after #'orchflow-render-forget-faces)
      (orchflow--prepare-text-terminal))))

(defun orchflow-start (words &optional name directory)
  "Start WORDS, a program and its arguments, in a terminal in a new buffer called NAME: the buffer.
With no WORDS it is the shell of the user.  DIRECTORY is where it starts."
  (let ((buffer (generate-new-buffer (or name "*orchflow*")))
        (directory (or directory default-directory)))
    (when (file-remote-p directory)
      (kill-buffer buffer)
      (user-error "Terminals run on this machine, and %s is on another one" directory))
    (with-current-buffer buffer (setq default-directory (file-name-as-directory (expand-file-name directory))))
    (pop-to-buffer-same-window buffer)
    (condition-case error
        (orchflow--start buffer words)
      (error (kill-buffer buffer) (signal (car error) (cdr error))))
    buffer))

;;;###autoload
(defun orchflow (&optional new)
  "Show a shell in a terminal; with a prefix argument, NEW, always another one."
  (interactive "P")
  (let ((buffer (and (not new)
                     (cl-find-if (lambda (buffer)
                                   (and (buffer-local-value 'orchflow-render--terminal buffer)
                                        (string-prefix-p "*orchflow*" (buffer-name buffer))))
                                 (buffer-list)))))
    (if buffer
        (pop-to-buffer-same-window buffer)
      (orchflow-start (and orchflow-shell (split-string-and-unquote orchflow-shell))))))

;;;###autoload
(defun orchflow-command (command)
  "Run COMMAND, as a shell takes it, in a terminal in a new buffer."
  (interactive (list (read-shell-command "Run in a terminal: ")))
  (orchflow-start (list shell-file-name shell-command-switch command) (format "*orchflow: %s*" command)))

(defun orchflow-again ()
  "Start the program of this buffer, which has ended, once more."
  (interactive)
  (unless orchflow--ended (user-error "The program is running"))
  (let ((words orchflow--words) (inhibit-read-only t))
    (erase-buffer)
    (orchflow--start (current-buffer) words)))

(provide 'orchflow)
;;; orchflow.el ends here
