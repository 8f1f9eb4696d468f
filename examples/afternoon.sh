#!/bin/sh
# A stranger's afternoon: from a folder of photos to a file that runs without diabolo.
#
#     sh examples/afternoon.sh [FOLDER]
#
# NUMBER pictures are made (or put your own into FOLDER/photos first), EPOCHS are trained, at SIZE pixels a side.
set -eu
here=$(dirname "$0")
work=${1:-afternoon}
: "${PYTHON:=python}" "${NUMBER:=160}" "${EPOCHS:=30}" "${SIZE:=64}"

[ -d "$work/photos" ] || "$PYTHON" "$here/make_photos.py" "$work/photos" --number "$NUMBER"

# 1. A denoising autoencoder: `noise` is there in training only. It starts as the best linear map of blocks of 4×4
#    pixels (`pca`) and learns the rest beside it (`res`). The line is checked before anything is trained.
line='noise[std=0.1] unshuffle4 res{conv32 relu conv48} conv16 | conv48 res{conv32 relu conv48} shuffle4'
diabolo check "$line"
diabolo train "$line" --data "$work/photos" --size "$SIZE" --fit crop \
    --set initialisation=pca --set loss=mse --set learning_rate=0.002 \
    --set epochs="$EPOCHS" --set batch_size=16 --out "$work/run"

# 2. What it learnt, on one page.
diabolo report "$work/run" -o "$work/report.html"

# 3. One vector a photo, and the photos nearest to one of them. Photos keep their own size.
diabolo encode "$work/run" "$work/photos" --pool mean -o "$work/latents.npz"
query=$(find "$work/photos" -name '*.jpg' ! -name 'broken*' | sort | head -n 1)
diabolo neighbours "$work/run" "$query" "$work/latents.npz" -k 5 -o "$work/neighbours.png"

# 4. Noise out of photos: added here, so that the result can be measured.
diabolo denoise "$work/run" "$work/photos" --sigma 0.1 -o "$work/denoised" --sheet "$work/denoised.png" \
    > "$work/denoised.txt"
tail -n 2 "$work/denoised.txt"

# 5. A file for others, and a ten-line program that uses it and knows nothing of diabolo.
diabolo export "$work/run" --to onnx --input uint8 -o "$work/model.onnx"
"$PYTHON" "$here/use_onnx.py" "$work/model.onnx" "$query" "$work/from-onnx.png"
echo "Look at $work/report.html, $work/neighbours.png, $work/denoised.png and $work/from-onnx.png"
