extension Tensor {
  private static let reshapeOperator = Operator("aten::reshape")
  private static let permuteOperator = Operator("aten::permute")
  private static let narrowOperator = Operator("aten::narrow")
  private static let contiguousOperator = Operator("aten::contiguous")
  private static let catOperator = Operator("aten::cat")
  private static let stackOperator = Operator("aten::stack")
  private static let padOperator = Operator("aten::pad")
  private static let flipOperator = Operator("aten::flip")
  private static let repeatOperator = Operator("aten::repeat_interleave", "self_int")
  private static let indexSelectOperator = Operator("aten::index_select")
  private static let unsqueezeOperator = Operator("aten::unsqueeze")
  private static let squeezeOperator = Operator("aten::squeeze", "dim")
  private static let selectOperator = Operator("aten::select", "int")
  private static let toDTypeOperator = Operator("aten::to", "dtype")
  private static let toDeviceOperator = Operator("aten::to", "device")
  private static let expandOperator = Operator("aten::expand")
  private static let cloneOperator = Operator("aten::clone")
  private static let bilinearOperator = Operator("aten::upsample_bilinear2d")
  private static let pixelShuffleOperator = Operator("aten::pixel_shuffle")
  private static let pixelUnshuffleOperator = Operator("aten::pixel_unshuffle")

  /// How a `[N, C, H, W]` tensor lies in memory; the raw value is PyTorch's `MemoryFormat` number.
  public enum MemoryFormat: Int, Sendable {
    case contiguous = 0
    case channelsLast = 2
  }

  /// The same elements in another shape; one side may be −1.
  public func reshaped(_ shape: [Int]) throws -> Tensor {
    try Self.reshapeOperator([.tensor(self), .ints(shape)])
  }

  /// Axes in another order.
  public func permuted(_ axes: [Int]) throws -> Tensor {
    try Self.permuteOperator([.tensor(self), .ints(axes)])
  }

  /// `length` entries of `axis` from `start` on, without copying.
  public func narrow(_ axis: Int, start: Int, length: Int) throws -> Tensor {
    try Self.narrowOperator([.tensor(self), .int(axis), .int(start), .int(length)])
  }

  /// The tensor dense in memory; itself if it is already.
  public func contiguous(_ format: MemoryFormat = .contiguous) throws -> Tensor {
    try Self.contiguousOperator([.tensor(self), .int(format.rawValue)])
  }

  public static func cat(_ tensors: [Tensor], axis: Int) throws -> Tensor {
    try catOperator([.tensors(tensors), .int(axis)])
  }

  /// Joins along a new axis.
  public static func stack(_ tensors: [Tensor], axis: Int = 0) throws -> Tensor {
    try stackOperator([.tensors(tensors), .int(axis)])
  }

  public enum Padding: String, Sendable {
    case zeros = "constant"
    case replicate
    case reflect
  }

  /// Pads the last axes: `amounts` is before, after for the last axis, then for the one before it.
  public func padded(_ amounts: [Int], _ padding: Padding = .zeros) throws -> Tensor {
    try Self.padOperator([.tensor(self), .ints(amounts), .string(padding.rawValue)])
  }

  public func flipped(_ axes: [Int]) throws -> Tensor { try Self.flipOperator([.tensor(self), .ints(axes)]) }

  /// Each entry of `axis` repeated `count` times in place.
  public func repeatInterleave(_ count: Int, axis: Int) throws -> Tensor {
    try Self.repeatOperator([.tensor(self), .int(count), .int(axis)])
  }

  /// Entries of `axis` in the order of `indices`, an `int64 [n]` tensor.
  public func indexSelect(_ axis: Int, _ indices: Tensor) throws -> Tensor {
    try Self.indexSelectOperator([.tensor(self), .int(axis), .tensor(indices)])
  }

  public func unsqueezed(_ axis: Int) throws -> Tensor {
    try Self.unsqueezeOperator([.tensor(self), .int(axis)])
  }

  public func squeezed(_ axis: Int) throws -> Tensor {
    try Self.squeezeOperator([.tensor(self), .int(axis)])
  }

  /// Entry `index` of `axis`, which vanishes.
  public func select(_ axis: Int, _ index: Int) throws -> Tensor {
    try Self.selectOperator([.tensor(self), .int(axis), .int(index)])
  }

  /// Converted elements; itself if they have that type already.
  public func to(_ dtype: DType) throws -> Tensor {
    dtype == self.dtype ? self : try Self.toDTypeOperator([.tensor(self), .dtype(dtype)])
  }

  /// A copy on `device`; itself if it is there already.
  public func to(device: Device) throws -> Tensor {
    device == self.device
      ? self : try Self.toDeviceOperator([.tensor(self), .device(device), .dtype(dtype)])
  }

  /// Axes of length 1 repeated to `shape`, without copying.
  public func expanded(_ shape: [Int]) throws -> Tensor {
    try Self.expandOperator([.tensor(self), .ints(shape)])
  }

  public func cloned() throws -> Tensor { try Self.cloneOperator([.tensor(self)]) }

  /// `[N, C·r², H, W]` to `[N, C, H·r, W·r]` (Shi et al. 2016, equation 4).
  public func pixelShuffled(_ factor: Int) throws -> Tensor {
    try Self.pixelShuffleOperator([.tensor(self), .int(factor)])
  }

  /// `[N, C, H·r, W·r]` to `[N, C·r², H, W]`, the inverse of `pixelShuffled`.
  public func pixelUnshuffled(_ factor: Int) throws -> Tensor {
    try Self.pixelUnshuffleOperator([.tensor(self), .int(factor)])
  }

  /// `[N, C, H, W]` enlarged to `height` × `width` by linear interpolation between sample centres.
  public func resizedBilinear(height: Int, width: Int) throws -> Tensor {
    try Self.bilinearOperator([.tensor(self), .ints([height, width]), .bool(false)])
  }
}
