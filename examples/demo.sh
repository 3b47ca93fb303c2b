#!/bin/sh
# What `sinter` does, done before one's eyes: pictures from fields, sounds from patches, numbers from densities,
# what becomes of an expression, what it costs here, and that every engine of this machine gives the same bits.
# usage: examples/demo.sh COMMAND FOLDER    (pictures and arrays go to FOLDER)
set -eu
examples=$(dirname "$0")
sinter=$1
out=$2
programs=$(dirname "$sinter")/examples
mkdir -p "$out"

title() {
    printf '\n== %s\n' "$1"
}

# Prints a command as one would type it, and runs it.
show() {
    printf '\n$ sinter'
    for word; do
        case $word in
        *[!A-Za-z0-9_./=,:-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$sinter" "$@"
}

title 'This machine'
show doctor
engines=$("$sinter" doctor | sed -n 's/^ *\([a-z0-9]*\) *yes, computes.*/\1/p')
picture=png
"$sinter" doctor | grep -q '^pictures *PNG' || picture=npy

title 'Values'
show eval 'sqrt(2)' --type f64
show eval 'sin(x*pi) * exp(-x*x)' --at x=0.25 --at x=0.5
show eval 'fn hill(x, y, w=0.5) = exp(-(x*x + y*y)/w); hill(0.1, 0.2) + hill(1, 1, w=2)'
show eval "$examples/normal.sn" --type f64 --set mu=2 --at x=2 --at x=3.5
printf '\nA mistake is shown where it is:\n'
show eval 'radius = sqrt(x*x + y*y); 1 - raduis' || true

title 'Pictures'
draw() {
    name=$1
    shift
    show image "$examples/$name.sn" -o "$out/$name.$picture" "$@"
}
draw phases --size 900x600 --region -2.4,-1.6,2.4,1.6
draw waves --size 600 --region -1.6,-1.6,1.6,1.6
draw marble --size 600
draw julia --size 900x600 --region -1.5,-1,1.5,1
draw islands --size 900x600 -s 2 --region -1.5,-1,1.5,1
draw hyperbolic --size 600 -s 2 --region -1.02,-1.02,1.02,1.02 --time 0.3
draw neon --size 600 -s 2 --region -1.25,-1.25,1.25,1.25
draw quasicrystal --size 600 -s 2
draw roots --size 600 -s 2 --region -1.7,-1.7,1.7,1.7
draw loop --size 600 -s 2 --region -5,-5,5,5 --time 0.4
draw lyapunov --size 600x400 -s 2 --region 2.5,3.4,3.4,4
draw poster --size 500x700 -s 2 --region -1,-1.4,1,1.4
draw outlines --size 1500x900 --region 0,0,10,6
draw scene --size 900x600 --region -1.5,-1,1.5,1
draw solids --3d --size 900x600 --supersample 2 --eye 2.4,3.9,6.7 --target 0,0.2,0 --fov 28
show image "$examples/edges.sn" --input "a=$out/scene.$picture" -o "$out/edges.$picture"
show image "$examples/sharpen.sn" --input "a=$out/julia.$picture" -o "$out/sharp.$picture" --set amount=1.5
for file in "$examples"/*.vm; do
    [ ! -f "$file" ] || show image "$file" -o "$out/$(basename "$file" .vm).$picture" --size 1024
done

title 'Streams of numbers'
show render "$examples/noise.sn" --seconds 2 -o "$out/noise.npy"
show render "$examples/pulses.sn" --seconds 2 -o "$out/pulses.npy"
show render "$examples/lowpass.sn" --input "$out/noise.npy" --set cutoff=400 --set q=4 -o "$out/lowpass.npy"
show render "$examples/comb.sn" --input "$out/pulses.npy" --set pitch=196 -o "$out/comb.npy"
show render "$examples/bell.sn" --input "$out/pulses.npy" -o "$out/bell.npy" --json

title 'Sounds'
sound=wav
"$sinter" doctor | grep -q '^sounds *libsndfile' || sound=npy
for name in voice strings drone chimes; do
    show render "$examples/$name.sn" --seconds 6 -o "$out/$name.$sound"
done
show render "$examples/room.sn" --input "$out/voice.$sound" -o "$out/voice-in-a-room.$sound"
show render "$examples/echoes.sn" --input "$out/bell.npy" --tail 4 -o "$out/bell-with-echoes.$sound"

title 'Their spectra, pictures that a field makes of sounds as arrays'
spectrum() {
    name=$1
    shift
    show render "$@" -o "$out/$name.npy"
    show image "$examples/spectrum.sn" --input "sound=$out/$name.npy" --size 600x256 --colormap inferno -o "$out/$name-spectrum.$picture"
}
for name in voice strings drone chimes; do
    spectrum "$name" "$examples/$name.sn" --seconds 6
done
spectrum voice-in-a-room "$examples/room.sn" --input "$out/voice.npy"
spectrum bell-with-echoes "$examples/echoes.sn" --input "$out/bell.npy" --tail 4

title 'Densities of data'
data=$examples/densities
show density 'normal(mu=2, sigma=1.5)'
show density 'normal(mu=2, sigma=1.5)' --at 0,1,2 --grad
show density 'normal(0, 0.145)' --data "$out/noise.npy" --sum --grad --json
show density 'normal(0, 0.145)' --data "$out/noise.npy" --natural
for name in stopping quarters geyser; do
    show density "$data/$name.sn" --data "$data/$name.csv" --sum --grad --json
    if [ "$picture" = png ]; then
        axis=$(sed -n 's/^input \([a-z]*\).*/\1/p' "$data/$name.sn")
        show density "$data/$name.sn" --data "$data/$name.csv" --plot "$out/$name.png" --axis "$axis"
    fi
done
show density "$data/sprays.sn" --data "$data/sprays.csv" --sum --grad --json
printf '\nA wrong field is shown where it is:\n'
printf 'minutes\n12\nnine\n' >"$out/wrong.csv"
show density 'exponential(0.1)' --data "$out/wrong.csv" || true

title 'What becomes of a program'
show dump 'sqrt(x*x + y*y) - 0.5' --ir
show dump "$examples/lowpass.sn"

if [ -x "$programs/example_embed" ]; then
    title 'Programs with Sinter inside (examples/embed.c, grid.c, likelihood.c)'
    printf '\n$ embed\n'
    "$programs/example_embed"
    printf '\n$ grid %s\n' "$out/ripples.pgm"
    "$programs/example_grid" "$out/ripples.pgm" 2>&1
    printf '\n$ likelihood\n'
    "$programs/example_likelihood"
fi

title 'Measured here, nanoseconds an element (a short run; make bench is the long one)'
show bench --quick gain affine10 circle normal_sum

title 'The same bits everywhere'
receipts=0
# One hash for each engine, block length and number of threads; they must agree.
same() {
    what=$1
    first=
    shift
    for engine in $engines; do
        hash=$("$sinter" "$@" --engine "$engine" --hash)
        [ -n "$first" ] || first=$hash
        if [ "$hash" != "$first" ]; then
            printf '%s: %s gives %s, not %s\n' "$what" "$engine" "$hash" "$first" >&2
            exit 1
        fi
        receipts=$((receipts + 1))
    done
    printf '%-40s %s\n' "$what" "$first"
}
for name in phases waves marble julia scene; do
    same "$name, 120 x 80 pixels" image "$examples/$name.sn" --size 120x80 --region -1.5,-1,1.5,1
done
same 'lowpass over noise, blocks of 512' render "$examples/lowpass.sn" --input "$out/noise.npy"
same 'lowpass over noise, blocks of 1' render "$examples/lowpass.sn" --input "$out/noise.npy" --block 1
same 'comb over pulses, blocks of 777' render "$examples/comb.sn" --input "$out/pulses.npy" --block 777
same 'bell over pulses, in place' render "$examples/bell.sn" --input "$out/pulses.npy" --in-place
same 'normal density of the noise, f64' eval "$examples/normal.sn" --type f64 --input "$out/noise.npy"
same 'its sum, and derivatives' density 'normal(0, 0.145)' --data "$out/noise.npy" --sum --grad
# shellcheck disable=SC2086 # a list of words
printf '%d runs on the engines %s: the same bits.\n' "$receipts" "$(echo $engines)"

title 'Where the files are'
ls -l "$out" | awk 'NR > 1 { printf "%9d  %s\n", $5, $NF }'
printf '\nPictures and arrays are in %s.\n' "$out"
