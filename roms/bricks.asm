; Bricks for the Atari 2600: an original game, written for deepq, under deepq's licence (MIT).
;
; A wall of 108 bricks, a ball, a paddle, five balls to lose. You move the paddle with the left
; joystick. docs/homebrew.md has the rules and the RAM map. Build: dasm bricks.asm -f3
;
; How a 2600 makes a picture is told at the head of pong.asm: read that first. The lines of a frame:
;
;     3 lines   VSYNC
;    34 lines   dark: the digits and the sprites of the coming picture are prepared
;    17 lines   score and balls left                          rows   0.. 16 of the picture
;    15 lines   the upper wall                                rows  17.. 31
;   178 lines   the field                                     rows  32..209
;    15 lines   dark: one step of the game
;
; The field, by its own rows: 0..24 air, 25..60 six rows of bricks, 61..156 air, 157..160 the
; paddle, 161..177 the depth into which balls are lost.
;
; THE BRICKS are the playfield. A row of bricks needs all forty playfield cells, but the TIA has
; registers for twenty and shows them twice on a line. So the program writes all three registers
; twice on each of these lines, the second time just after the beam has used the first values:
; six writes, each in a window of some twenty cycles. RAM holds them as the TIA wants them: a brick
; is two bits of a byte, and hitting one clears the bits. The side walls are two wide missiles.

        processor 6502

        include "vcs.inc"

; ---- the game's numbers -----------------------------------------------------------------------
FIELD_H     = 178       ; rows of the field
BRICK_TOP   = 25        ; field row of the first row of bricks
BRICK_ROWS  = 6
BRICK_H     = 6
BRICK_END   = BRICK_TOP + BRICK_ROWS * BRICK_H
PADDLE_Y    = 157
PADDLE_H    = 4
PADDLE_W    = 16
BALL_H      = 4
BALL_W      = 2
LEFT_X      = 8         ; the field's first pixel, and where it ends
RIGHT_X     = 152
PADDLE_MAX  = RIGHT_X - PADDLE_W
PADDLE_MID  = (LEFT_X + PADDLE_MAX) / 2
BALL_MAX    = RIGHT_X - BALL_W
LOST_Y      = FIELD_H - BALL_H  ; a ball whose top is here or below is lost
SERVE_Y     = 80
BALLS       = 5
WALLS       = 2         ; how many walls a game has
PADDLE_TOP_SPEED = 4    ; pixels a frame, reached in four frames
FIRST_WAIT  = 48        ; frames from RESET to a serve without FIRE
NEXT_WAIT   = 64        ; frames from a lost ball to a serve without FIRE
FIRE_WAIT   = 48        ; FIRE serves once this many frames or fewer are left to wait

COLOUR_WALL   = $06
COLOUR_BALL   = $0E
COLOUR_PADDLE = $46

; ---- RAM --------------------------------------------------------------------------------------
        seg.u ram
        org $80
RandomLo        ds 1    ; 80 state of the random generator, never 0000
RandomHi        ds 1    ; 81
Playing         ds 1    ; 82 80 during a game, 00 before and after
ServeWait       ds 1    ; 83 frames until the serve, 0 while the ball is in play
BallXFrac       ds 1    ; 84
BallX           ds 1    ; 85
BallYFrac       ds 1    ; 86
BallY           ds 1    ; 87
VelXFrac        ds 1    ; 88 pixels a frame, positive to the right
VelX            ds 1    ; 89
VelYFrac        ds 1    ; 8A rows a frame, positive downwards
VelY            ds 1    ; 8B
PaddleX         ds 1    ; 8C left edge, 8..136
PaddleSpeed     ds 1    ; 8D pixels a frame, 0..4
PaddleWay       ds 1    ; 8E FF moving left, 01 right, 00 still
Hits            ds 1    ; 8F paddle hits with this ball, up to 12
BricksLeft      ds 1    ; 90 of this wall
WallsLeft       ds 1    ; 91 after this one
SelectWas       ds 1    ; 92 SELECT in the frame before
SoundLeft       ds 1    ; 93 frames until the beep ends
BallPtr         ds 2    ; 94 where in the shape table row 0 of the field is
EndRow          ds 1    ; 96 where a stretch of the field ends
HighDigits      ds 5    ; 97 five rows of playfield: hundreds and tens,
LowDigits       ds 5    ; 9C ones (from right to left),
BallsDigits     ds 5    ; A1 balls left
Scratch         ds 4    ; A6 used inside one routine at a time
        org $B2
Variation       ds 1    ; B2 game variation: 0, 4 .. 44
        org $B9
BallsLeft       ds 1    ; B9 with the one in play; 0 when the game is over
        org $CC
ScoreHi         ds 1    ; CC hundreds, CD tens and ones: decimal digits
ScoreLo         ds 1    ; CD
        org $D0
Bricks          ds 36   ; D0 for each of the six writes of a line, six rows

        seg code
        org $F800               ; 2 KiB, which the processor sees at F800..FFFF
; ===============================================================================================
;  Power on
; ===============================================================================================
Start
        sei
        cld
        ldx #$FF
        txs
        inx
        txa
.clear  sta $00,x               ; the TIA is at 00..3F, the RAM at 80..FF
        inx
        bne .clear
        lda #$26                ; the same game after every power-on
        sta RandomHi
        lda #PADDLE_MID
        sta PaddleX
        lda #%00110101          ; missiles 8 pixels wide, player 0 double: 16
        sta NUSIZ0
        sta NUSIZ1
        lda #%00010000          ; ball 2 pixels wide, playfield repeated
        sta CTRLPF
        ldx #2
        lda #0+1
        jsr Place
        ldx #3
        lda #RIGHT_X+1
        jsr Place
        sta WSYNC
        sta HMOVE
        jsr Wait12              ; the moving takes 24 cycles
        jsr Wait12
        sta HMCLR

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

        jsr DrawScore
        jsr PlaceObjects
        lda #COLOUR_WALL
        sta COLUPF
        sta COLUP0
        sta COLUP1
.dark   lda INTIM
        bne .dark

; ---- rows 0..16: score on the left, balls on the right -----------------------------------------
        sta WSYNC
        sta VBLANK              ; A is 0
        ldx #4
.blank  sta WSYNC
        dex
        bne .blank
.digit  ldy #2                  ; X is 0; each of the five rows of a digit is two lines high
.score  sta WSYNC
        lda HighDigits,x        ; 4
        sta PF1                 ; 7     pixel 16 is cycle 28
        lda LowDigits,x         ; 11
        sta PF2                 ; 14    pixel 48 is cycle 39
        jsr Wait12              ; 26
        jsr Wait12              ; 38
        lda BallsDigits,x       ; 42
        sta PF1                 ; 45    pixel 48 was cycle 39, pixel 96 is cycle 54
        lda #0                  ; 47
        nop                     ; 49
        sta PF2                 ; 52    pixel 80 was cycle 49, pixel 112 is cycle 60
        dey
        bne .score
        inx
        cpx #5
        bne .digit

; ---- rows 17..31: the upper wall ---------------------------------------------------------------
        ldx #$FF
        sta WSYNC
        sty PF1                 ; Y is 0
        sta WSYNC
        sta WSYNC
        stx PF0
        stx PF1
        stx PF2
        ldx #14
.upper  sta WSYNC
        dex
        bne .upper

; ---- rows 32..56, field rows 0..24: air, with the ball and the side walls -----------------------
        ldy #0
        lda #2
        sta WSYNC
        stx PF0                 ; X is 0: the wall ends
        sta ENAM0
        sta ENAM1
        lda (BallPtr),y
        sta ENABL
        lda #COLOUR_BALL
        sta COLUPF
        stx PF1
        stx PF2
        iny
        lda #BRICK_TOP
        jsr Air

; ---- rows 57..92, field rows 25..60: bricks ----------------------------------------------------
; X is the row of bricks. A line takes all but two or three of its 76 cycles.
        ldx #0
        lda (BallPtr),y
.brick  sta WSYNC
        sta ENABL               ; 3
        lda BrickColours,x      ; 7
        sta COLUPF              ; 10
        lda Bricks,x            ; 14
        sta PF0                 ; 17    pixel 0 is cycle 22
        lda Bricks+6,x          ; 21
        sta PF1                 ; 24    pixel 16 is cycle 28
        lda Bricks+12,x         ; 28
        sta PF2                 ; 31    pixel 48 is cycle 39
        lda Bricks+18,x         ; 35
        sta PF0                 ; 38    pixel 16 was cycle 28, pixel 80 is cycle 49
        lda Bricks+24,x         ; 42
        sta PF1                 ; 45    pixel 48 was cycle 39, pixel 96 is cycle 54
        lda Bricks+30,x         ; 49
        nop                     ; 51
        sta PF2                 ; 54    pixel 80 was cycle 49, pixel 112 is cycle 60
        iny                     ; 56
        ldx RowOf-BRICK_TOP,y   ; 60    61 across a page
        lda (BallPtr),y         ; 65    66 or 67
        cpy #BRICK_END          ; 69
        bne .brick              ; 72    and WSYNC 75
        if >. != >.brick
            echo "the bricks' loop lies across a page: its branch takes too long"
            err
        endif

; ---- rows 93..188, field rows 61..156: air -----------------------------------------------------
        sta WSYNC
        sta ENABL
        ldx #0
        stx PF0
        stx PF1
        stx PF2
        lda #COLOUR_BALL
        sta COLUPF
        iny
        lda #PADDLE_Y
        jsr Air

; ---- rows 189..192, field rows 157..160: the paddle --------------------------------------------
        ldx #$FF
        lda (BallPtr),y
        sta WSYNC
        sta ENABL
        stx GRP0
        lda #COLOUR_PADDLE      ; also of the missiles: the walls get coloured feet
        sta COLUP0
        sta COLUP1
        iny
        lda #PADDLE_Y+PADDLE_H
        jsr Air

; ---- rows 193..209, field rows 161..177: the depth ---------------------------------------------
        ldx #0
        lda (BallPtr),y
        sta WSYNC
        sta ENABL
        stx GRP0
        stx ENAM0
        stx ENAM1
        iny
        lda #FIELD_H
        jsr Air

; ---- overscan: the beam is off and the game goes on --------------------------------------------
        lda #2
        sta WSYNC
        sta VBLANK
        stx ENABL
        lda #18                 ; 18 * 64 cycles end in the last of 15 lines
        sta TIM64T
        jsr ClockRandom
        jsr Switches
        jsr PlayBall            ; first the ball: what it has touched is where it was drawn
        jsr MovePaddle
        sta CXCLR
        jsr FadeSound
.over   lda INTIM
        bne .over
        jmp NextFrame

; Lines of the field on which only the ball can change, from row Y up to but without row A.
Air subroutine
        sta EndRow
.row    lda (BallPtr),y         ; read on the line before, to be in time
        sta WSYNC
        sta ENABL
        iny
        cpy EndRow
        bne .row
        rts

; ===============================================================================================
;  Before the picture
; ===============================================================================================

; Five rows of playfield for the score and the balls left. PF2 shows its lowest bit first: the ones
; need a font of their own, from right to left.
DrawScore subroutine
        lda ScoreHi
        jsr .digit
        sta Scratch
        lda ScoreLo
        lsr
        lsr
        lsr
        lsr
        jsr .digit
        sta Scratch+1
        lda ScoreLo
        jsr .digit
        sta Scratch+2
        lda BallsLeft
        jsr .digit
        sta Scratch+3
        ldx #0
.row    ldy Scratch
        lda Digits,y
        asl
        asl
        asl
        asl
        ldy Scratch+1
        ora Digits,y
        sta HighDigits,x
        ldy Scratch+2
        lda Mirrored,y
        sta LowDigits,x
        ldy Scratch+3
        lda Digits,y
        sta BallsDigits,x
        inc Scratch
        inc Scratch+1
        inc Scratch+2
        inc Scratch+3
        inx
        cpx #5
        bne .row
        rts
.digit  and #$0F                ; five times the digit: where its five rows begin
        sta EndRow
        asl
        asl
        adc EndRow              ; the shifts have cleared the carry
        rts

PlaceObjects subroutine
        ldx PaddleX
        dex                     ; a player of double width comes out one pixel further right
        txa
        ldx #0
        jsr Place
        ldx BallX
        inx
        txa
        ldx #4
        jsr Place
        sta WSYNC
        sta HMOVE               ; has to come right after WSYNC
        lda Playing             ; the ball shows while it is in play
        beq .hidden
        lda ServeWait
        bne .hidden
        sec                     ; row y of the field shows the byte at pointer + y
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
        clc
        adc #4
        cmp #48
        bne .turn
        txa
.turn   sta Variation
.select lda SWCHB
        lsr
        bcs .done
        lda #0
        sta ScoreHi
        sta ScoreLo
        sta PaddleWay
        lda #PADDLE_MID
        sta PaddleX
        lda #BALLS
        sta BallsLeft
        lda #WALLS
        sta WallsLeft
        lda #FIRST_WAIT
        sta ServeWait
        lda #$80
        sta Playing

; A new wall.
Build   dec WallsLeft
        lda #BRICK_ROWS*18
        sta BricksLeft
        ldx #BRICK_ROWS*6-1
        lda #$FF
.fill   sta Bricks,x
        dex
        bpl .fill
        ldx #BRICK_ROWS-1
.edge   lda #%11000000          ; the walls stand on the first two cells,
        sta Bricks,x
        lda #%00111111          ; and on the last two
        sta Bricks+30,x
        dex
        bpl .edge
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

; From somewhere below the bricks, downwards.
ServeBall subroutine
        lda #0
        sta ServeWait
        sta Hits
        sta BallXFrac
        sta BallYFrac
        lda #SERVE_Y
        sta BallY
        lda RandomLo
        and #63
        clc
        adc #LEFT_X+40
        sta BallX
        lda RandomHi            ; as if the paddle had hit it near its middle
        and #7
        clc
        adc #4
        tay
        jsr SetAngle
        jmp SetSpeed

FlyBall subroutine
        bit VelY
        bmi .move
        bit CXP0FB              ; did paddle and ball overlap in the picture that was just drawn?
        bvc .move               ; (bit 6 goes into the overflow flag)
        clc                     ; yes: the further from the paddle's middle, the flatter
        lda BallX
        adc #BALL_W-1
        sec
        sbc PaddleX             ; 0: they touch at the paddle's left corner; 16: at its right
        tay
        jsr SetAngle
        lda #12
        jsr Beep
        lda Hits
        cmp #12
        bcs .long
        inc Hits
.long   jsr SetSpeed
        ldx #2                  ; upwards
        jsr Negate

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

        cmp #230                ; unsigned: a row above 0 is a large number
        bcc .sides
        lda #0
        sta BallY
        ldx #2
        jsr Negate
.sides  lda BallX
        ldx #LEFT_X
        cmp #LEFT_X
        bcc .turn
        ldx #BALL_MAX
        cmp #BALL_MAX+1
        bcc .free
.turn   stx BallX
        ldx #0
        jsr Negate
        lda #20
        jsr Beep

.free   bit VelY
        bmi HitBrick
        lda BallY
        cmp #LOST_Y
        bcc HitBrick

        lda #31
        jsr Beep
        lda #NEXT_WAIT
        sta ServeWait
        dec BallsLeft
        bne .lost
        lda #0
        sta Playing
.lost   rts

; If the edge of the ball that goes ahead is in a brick, the brick goes and the ball turns round.
HitBrick subroutine
        lda BallY
        bit VelY
        bmi .ahead
        clc
        adc #BALL_H-1
.ahead  sec
        sbc #BRICK_TOP
        cmp #BRICK_ROWS*BRICK_H
        bcs .none
        tay
        lda RowOf,y
        sta Scratch
        lda BallX
        sec
        sbc #LEFT_X
        lsr
        lsr
        lsr
        tay                     ; the brick in its row, 0..17
        lda ByteOf,y
        clc
        adc Scratch
        tax
        lda Bricks,x
        and MaskOf,y
        beq .none
        eor Bricks,x            ; takes these bits away
        sta Bricks,x
        ldx #2
        jsr Negate
        ldy Scratch
        lda #8
        jsr Beep

        sed                     ; the score is in decimal digits
        clc
        lda ScoreLo
        adc Points,y
        sta ScoreLo
        lda ScoreHi
        adc #0
        sta ScoreHi
        cld

        dec BricksLeft
        bne .none
        lda WallsLeft
        beq .won
        lda #NEXT_WAIT
        sta ServeWait
        jmp Build
.won    sta BallsLeft           ; the last wall: the game is over
        sta Playing
.none   rts

SetAngle subroutine
        lda AngleFrac,y
        sta VelXFrac
        lda Angle,y
        sta VelX
        rts

; Downwards, faster as the ball lasts. Variation 8 begins with the fast ball.
SetSpeed subroutine
        lda Variation
        and #8
        clc
        adc Hits
        lsr
        lsr
        tay
        lda SpeedFrac,y
        sta VelYFrac
        lda Speed,y
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

; The stick. The paddle picks up speed, 1 2 3 4 pixels a frame, and stops at once.
MovePaddle subroutine
        lda SWCHA
        ldx #1
        asl                     ; bit 7, right, into the carry
        bcc .push
        ldx #$FF
        asl                     ; bit 6, left
        bcc .push
        ldx #0
        stx PaddleWay
        rts
.push   cpx PaddleWay
        beq .faster
        stx PaddleWay           ; from rest, or from the other way
        lda #0
        sta PaddleSpeed
.faster lda PaddleSpeed
        cmp #PADDLE_TOP_SPEED
        bcs .move
        inc PaddleSpeed
.move   jsr ClockRandom
        lda PaddleX
        ldx PaddleWay
        bmi .left
        clc
        adc PaddleSpeed
        cmp #PADDLE_MAX
        bcc .store
        lda #PADDLE_MAX
        bne .store              ; always
.left   sec
        sbc PaddleSpeed
        cmp #LEFT_X
        bcs .store
        lda #LEFT_X
.store  sta PaddleX
        rts

        include "common.inc"

; ===============================================================================================
;  Tables
; ===============================================================================================

; Rows a frame: 1.5, then 2, 2.5, 3 from hit 4, 8, 12 on; variation 8: 2.5, 3, 3.5, 3.5
SpeedFrac   .byte $80, $00, $80, $00, $80, $80
Speed       .byte 1, 2, 2, 3, 3, 3

; Pixels a frame, for where the ball meets the paddle: -2, -1.75 .. -0.25, 0.125, 0.25 .. 2. No ball
; flies straight up: it would come back to the same place for ever.
AngleFrac   .byte $00, $40, $80, $C0, $00, $40, $80, $C0
            .byte $20, $40, $80, $C0, $00, $40, $80, $C0, $00
Angle       .byte $FE, $FE, $FE, $FE, $FF, $FF, $FF, $FF
            .byte $00, $00, $00, $00, $01, $01, $01, $01, $02

; Bricks by row, the top one first: colours, points
BrickColours .byte $46, $38, $2A, $1A, $C8, $88
Points      .byte 6, 5, 4, 3, 2, 1

; The 18 bricks of a row: which of the six bytes (times 6) they are in, and their two bits
ByteOf      .byte 0, 6, 6, 6, 6, 12, 12, 12, 12, 18, 18, 24, 24, 24, 24, 30, 30, 30
MaskOf      .byte $C0, $C0, $30, $0C, $03, $03, $0C, $30, $C0
            .byte $30, $C0, $C0, $30, $0C, $03, $03, $0C, $30

; Digits, three pixels by five, from left to right and from right to left
Digits      .byte $0E, $0A, $0A, $0A, $0E
            .byte $04, $04, $04, $04, $04
            .byte $0E, $02, $0E, $08, $0E
            .byte $0E, $02, $0E, $02, $0E
            .byte $0A, $0A, $0E, $02, $02
            .byte $0E, $08, $0E, $02, $0E
            .byte $0E, $08, $0E, $0A, $0E
            .byte $0E, $02, $02, $02, $02
            .byte $0E, $0A, $0E, $0A, $0E
            .byte $0E, $0A, $0E, $02, $0E
Mirrored    .byte $07, $05, $05, $05, $07
            .byte $02, $02, $02, $02, $02
            .byte $07, $04, $07, $01, $07
            .byte $07, $04, $07, $04, $07
            .byte $05, $05, $07, $04, $04
            .byte $07, $01, $07, $04, $07
            .byte $07, $01, $07, $05, $07
            .byte $07, $04, $04, $04, $04
            .byte $07, $05, $07, $05, $07
            .byte $07, $05, $07, $04, $07

; The row of bricks that a line of the field belongs to. The kernel's indexed read from the page of
; RowOf - BRICK_TOP has no cycle to spare for crossing into the next one.
            align 256, $FF
            ds BRICK_TOP, $FF
RowOf       ds BRICK_H, 0
            ds BRICK_H, 1
            ds BRICK_H, 2
            ds BRICK_H, 3
            ds BRICK_H, 4
            ds BRICK_H+1, 5

; The ball, one byte a row, in a sea of zeros: wherever it is, the other rows read zeros
Nothing     ds FIELD_H, 0
BallShape   ds BALL_H, %00000010
            ds FIELD_H, 0

            ds $FFFA - *, $FF
            .word Start         ; the processor's vectors: NMI (not there), RESET, IRQ (not there)
            .word Start
            .word Start
