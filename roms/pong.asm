; Pong for the Atari 2600: an original game, written for deepq, under deepq's licence (MIT).
;
; Two paddles, one ball, first to 21. You play the right paddle with the left joystick, the machine
; plays the left one. docs/homebrew.md has the rules and the RAM map. Build: dasm pong.asm -f3
;
; HOW A 2600 MAKES A PICTURE. There is no memory that holds a picture. The video chip, the TIA,
; knows one line at a time: a background, a coarse playfield, two 8-pixel players, two missiles and
; a ball. The program changes the TIA's registers while the beam runs down the screen: it races the
; beam. One processor cycle is three pixels; a line is 76 cycles, and the first 22 of them pass
; while the beam flies back, unseen. A write to WSYNC stops the processor until the next line
; begins. A television wants 262 lines 60 times a second. Ours are used like this:
;
;     3 lines   VSYNC, the signal for "start at the top"
;    34 lines   dark (VBLANK): the digits and the sprites of the coming picture are prepared
;    24 lines   the score                                     rows   0.. 23 of the picture
;    10 lines   the upper wall                                rows  24.. 33
;   160 lines   the field, where everything happens           rows  34..193
;    16 lines   the lower wall                                rows 194..209
;    15 lines   dark (overscan): one step of the game
;
; ORIENTATION. X is 0 (left) .. 159. Y is a row of the field, 0 (top) .. 159. What moves has a
; position and a velocity in 8.8 fixed point: a byte of whole pixels and a byte of 1/256 pixels.

        processor 6502

        include "vcs.inc"

; ---- the game's numbers -----------------------------------------------------------------------
FIELD_H     = 160       ; rows of the field
PADDLE_H    = 16
PADDLE_MAX  = FIELD_H - PADDLE_H
PADDLE_MID  = PADDLE_MAX / 2
BALL_H      = 4
BALL_W      = 2
BALL_MAX    = FIELD_H - BALL_H
BALL_MID    = BALL_MAX / 2
OPPONENT_X  = 16        ; left edges of the paddles, 4 pixels wide
AGENT_X     = 140
SERVE_X     = 79
AGENT_SPEED = 4         ; rows a frame, reached in four frames
WINNING     = 21
FIRST_WAIT  = 48        ; frames from RESET to a serve without FIRE
POINT_WAIT  = 64        ; frames from a point to a serve without FIRE
FIRE_WAIT   = 48        ; FIRE serves once this many frames or fewer are left to wait
LATE_X      = 48        ; a late opponent wakes up when the ball is left of this

COLOUR_FIELD    = $22
COLOUR_WALL     = $0E
COLOUR_OPPONENT = $38
COLOUR_AGENT    = $C8

; ---- RAM, 128 bytes ---------------------------------------------------------------------------
        seg.u ram
        org $80
RandomLo        ds 1    ; 80 state of the random generator, never 0000
RandomHi        ds 1    ; 81
Playing         ds 1    ; 82 80 during a game, 00 before and after
ServeWait       ds 1    ; 83 frames until the serve, 0 while the ball is in play
ServeSide       ds 1    ; 84 where the next serve goes: 00 right, FF left
BallXFrac       ds 1    ; 85
BallX           ds 1    ; 86
BallYFrac       ds 1    ; 87
BallY           ds 1    ; 88
VelXFrac        ds 1    ; 89 pixels a frame, positive to the right
VelX            ds 1    ; 8A
VelYFrac        ds 1    ; 8B rows a frame, positive downwards
VelY            ds 1    ; 8C
OpponentScore   ds 1    ; 8D
AgentScore      ds 1    ; 8E
AgentY          ds 1    ; 8F top row of the paddle, 0..144
AgentSpeed      ds 1    ; 90 rows a frame, 0..4
AgentWay        ds 1    ; 91 FF moving up, 01 down, 00 still
OpponentFrac    ds 1    ; 92
OpponentY       ds 1    ; 93
Aim             ds 1    ; 94 -8..7: how far off its middle the opponent wants to hit
Late            ds 1    ; 95 not 0: the opponent has not seen the ball coming yet
Variation       ds 1    ; 96 game variation: 0 normal opponent, 1 expert
SelectWas       ds 1    ; 97 SELECT in the frame before
Hits            ds 1    ; 98 paddle hits in this rally, up to 13
SoundLeft       ds 1    ; 99 frames until the beep ends
BallPtr         ds 2    ; 9A where in the shape tables row 0 of the field is
AgentPtr        ds 2    ; 9C
OpponentPtr     ds 2    ; 9E
OpponentDigits  ds 5    ; A0 five rows of playfield for each score
AgentDigits     ds 5    ; A5
Scratch         ds 3    ; AA used inside one routine at a time

        seg code
        org $F800               ; 2 KiB, which the processor sees at F800..FFFF
; ===============================================================================================
;  Power on
; ===============================================================================================
Start
        sei
        cld                     ; binary arithmetic, also for the score
        ldx #$FF
        txs
        inx
        txa
.clear  sta $00,x               ; the TIA is at 00..3F, the RAM at 80..FF
        inx
        bne .clear
        lda #$26                ; the same game after every power-on: what follows depends on
        sta RandomHi            ; what the player does, and when
        lda #COLOUR_FIELD
        sta COLUBK
        lda #COLOUR_WALL
        sta COLUPF
        lda #COLOUR_OPPONENT
        sta COLUP0
        lda #COLOUR_AGENT
        sta COLUP1
        lda #PADDLE_MID
        sta AgentY
        sta OpponentY

; ===============================================================================================
;  One frame
; ===============================================================================================
NextFrame
        lda #2
        sta WSYNC
        sta VSYNC
        sta VBLANK
        lda #44                 ; 44 * 64 cycles end in the last of 3 + 34 lines
        sta TIM64T
        sta WSYNC
        sta WSYNC
        lda #0
        sta WSYNC
        sta VSYNC

        jsr DrawScore           ; all that the picture needs is made ready in the dark
        jsr PointAtShapes
        jsr PlaceObjects
.dark   lda INTIM
        bne .dark

; ---- row 0: the beam comes on; rows 1..20: the score -------------------------------------------
; The playfield's right half repeats the left one, unless the program rewrites PF1 after the beam
; has drawn it on the left (pixels 16..47) and before it comes to it on the right (96..127). So PF1
; is the opponent's score first and the agent's score 38 cycles later, on each line.
        sta WSYNC
        sta VBLANK              ; A is 0
        lda #%00010010          ; ball 2 wide; left playfield in player 0's colour, right in 1's
        sta CTRLPF
        ldx #0
.digit  ldy #4                  ; each of the five rows of a digit is four lines high
.score  sta WSYNC
        lda OpponentDigits,x    ; 4
        sta PF1                 ; 7     cycles from the start of the line; pixel 16 is cycle 28
        jsr Wait12              ; 19
        jsr Wait12              ; 31
        nop                     ; 33
        nop                     ; 35
        lda AgentDigits,x       ; 39
        sta PF1                 ; 42    pixel 48 was cycle 39, pixel 96 is cycle 54
        dey
        bne .score
        inx
        cpx #5
        bne .digit

; ---- rows 21..23: nothing; rows 24..33: the upper wall -----------------------------------------
        lda #0
        sta WSYNC
        sta PF1
        ldx #%00010000          ; playfield in its own colour again, which is also the ball's
        ldy #$FF
        sta WSYNC
        sta WSYNC
        sta WSYNC
        stx CTRLPF
        sty PF0
        sty PF1
        sty PF2
        ldx #9
.upper  sta WSYNC
        dex
        bne .upper

; ---- rows 34..193: the field -------------------------------------------------------------------
; Y is the row. Each pointer is placed so that (pointer),y reads the shape where the object is, and
; zeros everywhere else: no comparisons, the same few cycles on every line. All three registers are
; written before the beam becomes visible at cycle 22. The first row also ends the wall, X is 0.
        ldy #0
        sta WSYNC
        stx PF0                 ; 3     pixel 0 is cycle 22
        lda (BallPtr),y         ; 8
        sta ENABL               ; 11
        stx PF1                 ; 14    pixel 16 is cycle 28
        lda (OpponentPtr),y     ; 19
        sta GRP0                ; 22
        stx PF2                 ; 25    pixel 48 is cycle 39
        lda (AgentPtr),y        ; 30
        sta GRP1                ; 33    pixel 140 is cycle 69
        iny
.row    lda (BallPtr),y         ;       read on the line before, to be in time
        sta WSYNC
        sta ENABL               ; 3
        lda (OpponentPtr),y     ; 8     9 if the shape lies across a page
        sta GRP0                ; 12
        lda (AgentPtr),y        ; 18
        sta GRP1                ; 21
        iny
        cpy #FIELD_H
        bne .row

; ---- rows 194..209: the lower wall -------------------------------------------------------------
        ldy #$FF                ; X is still 0
        sta WSYNC
        stx ENABL
        stx GRP0
        stx GRP1
        sty PF0
        sty PF1
        sty PF2
        ldx #16
.lower  sta WSYNC
        dex
        bne .lower

; ---- overscan: the beam is off and the game goes on --------------------------------------------
        lda #2
        sta VBLANK
        lda #18                 ; 18 * 64 cycles end in the last of 15 lines
        sta TIM64T
        stx PF0
        stx PF1
        stx PF2
        jsr ClockRandom
        jsr Switches
        jsr PlayBall            ; first the ball: what it has touched is where it was drawn
        jsr MoveAgent
        jsr MoveOpponent
        sta CXCLR
        jsr FadeSound
.over   lda INTIM
        bne .over
        jmp NextFrame

; ===============================================================================================
;  Before the picture
; ===============================================================================================

; Five rows for each score, two digits in a byte: tens in the high nibble, ones in the low one.
DrawScore subroutine
        lda OpponentScore
        ldx #OpponentDigits
        jsr .number
        lda AgentScore
        ldx #AgentDigits
.number ldy #0                  ; divide by ten: tens in Y, the rest in A
.ten    cmp #10
        bcc .ones
        sbc #10                 ; cmp has set the carry
        iny
        bne .ten                ; always
.ones   jsr .times5             ; where the five rows of that digit begin
        sta Scratch+1
        tya
        jsr .times5
        sta Scratch+2
        lda #5
        sta Scratch
.next   ldy Scratch+1
        lda Ones,y
        ldy Scratch+2
        ora Tens,y
        sta $00,x
        inx
        inc Scratch+1
        inc Scratch+2
        dec Scratch
        bne .next
        rts
.times5 sta Scratch
        asl
        asl
        adc Scratch             ; the shifts of a small number have cleared the carry
        rts

; Pointers for the field's kernel. Row y of the field shows the byte at pointer + y, so an object
; whose top is in row t has its pointer t bytes before its shape.
PointAtShapes subroutine
        sec
        lda #<PaddleShape
        sbc AgentY
        sta AgentPtr
        lda #>PaddleShape
        sbc #0
        sta AgentPtr+1
        sec
        lda #<PaddleShape
        sbc OpponentY
        sta OpponentPtr
        lda #>PaddleShape
        sbc #0
        sta OpponentPtr+1
        lda Playing             ; the ball shows while it is in play
        beq .hidden
        lda ServeWait
        bne .hidden
        sec
        lda #<BallShape
        sbc BallY
        sta BallPtr
        lda #>BallShape
        sbc #0
        sta BallPtr+1
        rts
.hidden lda #<Nothing
        sta BallPtr
        lda #>Nothing
        sta BallPtr+1
        rts

PlaceObjects subroutine
        lda #OPPONENT_X
        ldx #0
        jsr Place
        lda #AGENT_X
        ldx #1
        jsr Place
        lda BallX
        clc
        adc #1                  ; a ball comes out one pixel further left than a player
        ldx #4
        jsr Place
        sta WSYNC
        sta HMOVE               ; has to come right after WSYNC
        rts

; ===============================================================================================
;  The game, one step a frame
; ===============================================================================================

; RESET starts a game, for as long as it is held. SELECT, when it goes down, changes the variation.
Switches subroutine
        lda SWCHB
        and #%10
        cmp SelectWas
        beq .select
        sta SelectWas
        tax
        bne .select             ; it went up
        stx Playing
        lda Variation
        eor #1
        sta Variation
.select lda SWCHB
        lsr
        bcs .done
        lda #0
        sta OpponentScore
        sta AgentScore
        sta OpponentFrac
        sta ServeSide
        sta AgentWay
        lda #PADDLE_MID
        sta AgentY
        sta OpponentY
        lda #FIRST_WAIT
        sta ServeWait
        lda #$80
        sta Playing
.done   rts

; The ball waits, is served, or flies.
PlayBall subroutine
        lda Playing
        beq .done
        lda ServeWait
        beq FlyBall
        dec ServeWait
        beq ServeBall
        lda ServeWait
        cmp #FIRE_WAIT
        bcs .done
        bit INPT4               ; bit 7 into the sign: clear while FIRE is down
        bpl ServeBall
.done   rts

; From the centre, as if a paddle had hit it somewhere, but not at its ends.
ServeBall subroutine
        lda #0
        sta ServeWait
        sta Hits
        sta BallXFrac
        sta BallYFrac
        lda #SERVE_X
        sta BallX
        lda #BALL_MID
        sta BallY
        lda RandomLo
        and #15
        tay
        iny
        iny
        jsr SetAngle
        jmp SendBall

FlyBall subroutine
        bit CXP1FB              ; did the agent's paddle and the ball overlap in the picture that
        bvc .left               ; was just drawn? (bit 6 goes into the overflow flag)
        bit VelX
        bmi .left               ; yes, but it is on its way back already
        lda #$FF
        sta ServeSide           ; to the left
        lda AgentY
        jsr HitBall
        jmp .move
.left   bit CXP0FB              ; the same for the opponent's
        bvc .move
        bit VelX
        bpl .move
        lda #0
        sta ServeSide
        lda OpponentY
        jsr HitBall

.move   clc
        lda BallXFrac
        adc VelXFrac
        sta BallXFrac
        lda BallX
        adc VelX
        sta BallX
        clc
        lda BallYFrac
        adc VelYFrac
        sta BallYFrac
        lda BallY
        adc VelY
        sta BallY

        cmp #BALL_MAX+1         ; unsigned: a row above 0 is a large number
        bcc .goals
        lda #0
        sta BallYFrac
        bit VelY
        bmi .top
        lda #BALL_MAX
.top    sta BallY
        ldx #2
        jsr Negate
        lda #20
        jsr Beep

.goals  lda BallX
        bit VelX
        bmi .west
        cmp #160-BALL_W
        bcc .play
        inc OpponentScore
        lda OpponentScore
        ldx #0                  ; whoever has lost the point gets the serve
        beq .point              ; always
.west   sec
        sbc #2                  ; 0, 1 and what has passed below 0 are large numbers now
        cmp #198
        bcc .play
        inc AgentScore
        lda AgentScore
        ldx #$FF
.point  stx ServeSide
        ldx #SERVE_X
        stx BallX
        ldx #POINT_WAIT
        stx ServeWait
        cmp #WINNING
        bne .on
        lda #0
        sta Playing
.on     lda #31
        jmp Beep
.play   rts

; A paddle whose top is in row A has hit the ball: the further from its middle, the steeper.
HitBall subroutine
        sta Scratch
        clc
        lda BallY
        adc #BALL_H-1
        sec
        sbc Scratch             ; 0: they touch at the paddle's top corner; 18: at its bottom
        tay
        jsr SetAngle
        lda #12
        jsr Beep
        lda Hits
        cmp #13
        bcs SendBall
        inc Hits

; Towards ServeSide, faster as the rally gets longer.
SendBall subroutine
        lda Hits
        clc
        adc #3
        lsr
        lsr
        tay
        lda SpeedFrac,y
        sta VelXFrac
        lda Speed,y
        sta VelX
        lda ServeSide
        beq .done
        ldx #0
        jsr Negate

        lda RandomLo            ; The opponent makes up its mind how to meet the ball.
        and #15
        sec
        sbc #8
        sta Aim
        ldx #0
        lda RandomHi
        and #7                  ; late once in eight times,
        bne .alert
        lda Variation           ; an expert never
        bne .alert
        inx
.alert  stx Late
.done   rts

SetAngle subroutine
        lda AngleFrac,y
        sta VelYFrac
        lda Angle,y
        sta VelY
        rts

; Turn round VelX (X = 0) or VelY (X = 2).
Negate subroutine
        sec
        lda #0
        sbc VelXFrac,x
        sta VelXFrac,x
        lda #0
        sbc VelX,x
        sta VelX,x
        rts

; The stick: up or right is up, down or left is down. The paddle picks up speed, 1 2 3 4 rows a
; frame, and stops at once.
MoveAgent subroutine
        lda SWCHA
        and #%10010000
        ldx #$FF
        cmp #%10010000
        bne .push
        lda SWCHA
        and #%01100000
        ldx #1
        cmp #%01100000
        bne .push
        ldx #0
        stx AgentWay
        rts
.push   cpx AgentWay
        beq .faster
        stx AgentWay            ; from rest, or from the other way
        lda #0
        sta AgentSpeed
.faster lda AgentSpeed
        cmp #AGENT_SPEED
        bcs .move
        inc AgentSpeed
.move   jsr ClockRandom
        lda AgentY
        ldx AgentWay
        bmi .up
        clc
        adc AgentSpeed
        cmp #PADDLE_MAX
        bcc .store
        lda #PADDLE_MAX
        bne .store              ; always
.up     sec
        sbc AgentSpeed
        bcs .store
        lda #0
.store  sta AgentY
        rts

; The opponent follows a ball that comes its way, at a speed that steep balls exceed, and goes back
; to the middle after its hit.
MoveOpponent subroutine
        lda Playing
        beq .done
        lda ServeWait
        bne .middle
        bit VelX
        bpl .middle
        lda Late
        beq .follow
        lda BallX
        cmp #LATE_X
        bcs .done
.follow lda BallY               ; the row that brings the paddle's middle to the ball's,
        sec
        sbc #(PADDLE_H-BALL_H)/2
        clc
        adc Aim                 ; or rather Aim rows beside it
        cmp #200
        bcc .low
        lda #0                  ; it was negative
.low    cmp #PADDLE_MAX-2       ; a step past the goal must not leave the field
        bcc .high
        lda #PADDLE_MAX-2
.high   cmp #1
        bcs .go
        lda #1
        bne .go                 ; always
.middle lda #PADDLE_MID

.go     ldx Variation
        sec
        sbc OpponentY
        bcc .up
        cmp #2                  ; near enough
        bcc .done
        clc
        lda OpponentFrac
        adc ChaseFrac,x
        sta OpponentFrac
        lda OpponentY
        adc Chase,x
        sta OpponentY
        rts
.up     cmp #$FF                ; -1
        beq .done
        sec
        lda OpponentFrac
        sbc ChaseFrac,x
        sta OpponentFrac
        lda OpponentY
        sbc Chase,x
        sta OpponentY
.done   rts

        include "common.inc"

; ===============================================================================================
;  Tables
; ===============================================================================================

; Pixels a frame: 1.5 for the serve, then 2, 2.5, 3, 3.5 from hit 1, 5, 9, 13 of a rally on
SpeedFrac   .byte $80, $00, $80, $00, $80
Speed       .byte 1, 2, 2, 3, 3

; Rows a frame, for where the ball meets the paddle: -3, -2.5, -2, -1.75 .. -0.5, 0.25, 0.5 .. 1.75,
; 2, 2.5, 3. No ball flies level: it would come back to the same place for ever.
AngleFrac   .byte $00, $80, $00, $40, $80, $C0, $00, $40, $80
            .byte $40, $80, $C0, $00, $40, $80, $C0, $00, $80, $00
Angle       .byte $FD, $FD, $FE, $FE, $FE, $FE, $FF, $FF, $FF
            .byte $00, $00, $00, $01, $01, $01, $01, $02, $02, $03

; The opponent's rows a frame in both variations: 1.5 and 2.25
ChaseFrac   .byte $80, $40
Chase       .byte 1, 2

; The score's font, three pixels by five: ones in the low nibble, tens in the high one
Ones        .byte $0E, $0A, $0A, $0A, $0E
            .byte $04, $04, $04, $04, $04
            .byte $0E, $02, $0E, $08, $0E
            .byte $0E, $02, $0E, $02, $0E
            .byte $0A, $0A, $0E, $02, $02
            .byte $0E, $08, $0E, $02, $0E
            .byte $0E, $08, $0E, $0A, $0E
            .byte $0E, $02, $02, $02, $02
            .byte $0E, $0A, $0E, $0A, $0E
            .byte $0E, $0A, $0E, $02, $0E
Tens        .byte $00, $00, $00, $00, $00     ; no leading zero
            .byte $40, $40, $40, $40, $40
            .byte $E0, $20, $E0, $80, $E0

; Shapes, one byte a row, in a sea of zeros: wherever an object is, the other rows read zeros
            ds PADDLE_MAX, 0
PaddleShape ds PADDLE_H, %11110000
Nothing     ds FIELD_H, 0
BallShape   ds BALL_H, %00000010
            ds BALL_MAX, 0

        ds $FFFA - *, $FF
        .word Start             ; the processor's vectors: NMI (not there), RESET, IRQ (not there)
        .word Start
        .word Start
