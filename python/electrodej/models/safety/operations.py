"""The operations that a network may consist of.

They are what our exporter and those of StarDist and CSBDeep write, and further pure arithmetic on arrays.
What is not listed is not run, whatever it is called: reading and writing files, queues, tables, Python, other
machines.
"""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


# TensorFlow: arrays in, arrays out.
COMPUTING = frozenset(
    _words("""
    Abs Acos Acosh Add AddN AddV2 All Any ArgMax ArgMin Asin Asinh Atan Atan2 Atanh AvgPool BatchMatMul
    BatchMatMulV2 BatchToSpace BatchToSpaceND BiasAdd BiasAddV1 BroadcastTo Cast Ceil ClipByValue Concat
    ConcatV2 Const Conv2D Conv2DBackpropInput Conv3D Conv3DBackpropInput Conv3DBackpropInputV2 Cos Cosh
    Cumprod Cumsum DepthToSpace DepthwiseConv2dNative Dilation2D Div DivNoNan Einsum Elu Empty
    EnsureShape Equal Erf Erfc Exp ExpandDims Expm1 Fill Floor FloorDiv FloorMod FusedBatchNorm
    FusedBatchNormV2 FusedBatchNormV3 Gather GatherNd GatherV2 Greater GreaterEqual Identity IdentityN
    Inv InvertPermutation IsFinite IsInf IsNan L2Loss LRN LeakyRelu Less LessEqual LinSpace Log Log1p
    LogSoftmax LogicalAnd LogicalNot LogicalOr MatMul Max MaxPool MaxPoolV2 Maximum Mean Merge Min
    Minimum MirrorPad Mod Mul MulNoNan Neg NoOp NotEqual OneHot OnesLike Pack Pad PadV2 ParallelConcat
    Placeholder PlaceholderV2 PlaceholderWithDefault Pow PreventGradient Prod Range Rank RealDiv
    Reciprocal Relu Relu6 Reshape ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor Reverse
    ReverseV2 Rint Round Rsqrt Select SelectV2 Selu Shape ShapeN Sigmoid Sign Sin Sinh Size Slice
    Softmax Softplus Softsign SpaceToBatch SpaceToBatchND SpaceToDepth Split SplitV Sqrt Square
    SquaredDifference Squeeze StopGradient StridedSlice Sub Sum Switch Tan Tanh Tile TopK TopKV2
    Transpose TruncateDiv TruncateMod Unpack Where Xdivy Xlogy ZerosLike
    """)
)
# TensorFlow: weights, chance in layers that are switched off, and checks of both.
HOLDING = frozenset(
    _words("""
    Assert Assign AssignAdd AssignAddVariableOp AssignSub AssignSubVariableOp AssignVariableOp
    DisableCopyOnRead IsVariableInitialized Multinomial ParameterizedTruncatedNormal
    RandomStandardNormal RandomUniform RandomUniformInt ReadVariableOp RefMerge RefSwitch
    StatelessRandomGetAlg StatelessRandomGetKeyCounter StatelessRandomUniform StatelessRandomUniformV2
    TruncatedNormal VarHandleOp VarIsInitializedOp Variable VariableShape VariableV2
    """)
)
# TensorFlow: a call of a function that is in the file, and is looked through as all of it is.
CALLING = frozenset(("PartitionedCall", "StatefulPartitionedCall"))
# TensorFlow: weights out of the file's own folder when it is loaded.
RESTORING = frozenset(("Restore", "RestoreSlice", "RestoreV2"))
# TensorFlow: weights into a file. They are in most files, and are never run.
SAVING = frozenset(
    _words("""
    MergeV2Checkpoints RegexFullMatch Save SaveSlices SaveV2 ShardedFilename ShardedFilespec
    StaticRegexFullMatch StringJoin
    """)
)
# ONNX, all of the standard's own domain.
ONNX = frozenset(
    _words("""
    Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization Cast
    CastLike Ceil Clip Concat Constant ConstantOfShape Conv ConvTranspose Cos Cosh CumSum DepthToSpace
    Div Dropout Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor Gather GatherElements GatherND
    Gelu Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual HardSigmoid HardSwish Hardmax
    Identity InstanceNormalization IsInf IsNaN LRN LayerNormalization LeakyRelu Less LessOrEqual Log
    LogSoftmax LpNormalization LpPool MatMul Max MaxPool MaxUnpool Mean MeanVarianceNormalization Min
    Mish Mod Mul Neg Not OneHot Or PRelu Pad Pow Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum
    ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape
    Resize ReverseSequence Round ScatterElements ScatterND Selu Shape Sigmoid Sign Sin Sinh Size Slice
    Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh ThresholdedRelu Tile TopK
    Transpose Trilu Unsqueeze Upsample Where Xor
    """)
)
