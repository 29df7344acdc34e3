internal import CKernels
internal import Torch

/// A 3×3 convolution that keeps the size, by minimal filtering.
struct FusedConvolution {
  private let inputs: Int
  private let outputs: Int
  /// n of F(n×n, 3×3).
  private let tile: Int32
  private let weight: AlignedFloats
  private let bias: AlignedFloats

  var scratchCount: Int { ckernels_maps_winograd_scratch_count(tile, inputs, outputs) }

  /// - Parameter size: of the output.
  init(_ convolution: Conv2d, size: (height: Int, width: Int)) throws {
    (outputs, inputs) = convolution.channels
    // Products of a picture, padded to whole tiles.
    func products(_ n: Int) -> Int {
      (n + 2) * (n + 2) * ((size.height + n - 1) / n) * ((size.width + n - 1) / n)
    }
    tile = products(4) <= products(2) ? 4 : 2
    weight = AlignedFloats(count: ckernels_maps_winograd_packed_count(tile, inputs, outputs))
    ckernels_maps_winograd_pack(tile, try convolution.weight.value.floats(), inputs, outputs, weight.address)
    bias = try convolution.packedBias()
  }

  /// - Parameters:
  ///   - enlarged: whether the input is repeated to twice its sides first.
  ///   - addend: what is added to the result.
  ///   - target: where the result goes, if to no new map; it may be the addend.
  func callAsFunction(
    _ x: FeatureMap, enlarged: Bool = false, adding addend: FeatureMap? = nil, into target: FeatureMap? = nil
  ) -> FeatureMap {
    var maps = x.maps
    if enlarged { (maps.height, maps.width) = (2 * maps.height, 2 * maps.width) }
    let y = target ?? FeatureMap(maps, channels: outputs, x.workspace)
    ckernels_maps_winograd(
      tile, maps, x.address, inputs, enlarged, y.address, outputs, weight.address, bias.address,
      addend?.address,
      x.workspace.scratch.address)
    return y
  }
}

/// A 1×1 convolution of some of its inputs.
struct FusedPointwise {
  private let inputs: Int
  private let outputs: Int
  private let weight: AlignedFloats
  private let bias: AlignedFloats?

  init(_ convolution: Conv2d, inputs: Range<Int>, hasBias: Bool = true) throws {
    outputs = convolution.channels.outputs
    self.inputs = inputs.count
    let part = try convolution.weight.value.narrow(1, start: inputs.lowerBound, length: inputs.count)
    weight = AlignedFloats(count: ckernels_maps_packed_count(1, inputs.count, outputs))
    ckernels_maps_pack(1, try part.floats(), inputs.count, outputs, weight.address)
    bias = hasBias ? try convolution.packedBias() : nil
  }

  /// A layer for each pixel.
  init(_ linear: Linear) throws {
    (outputs, inputs) = (linear.weight.value.shape[0], linear.weight.value.shape[1])
    weight = AlignedFloats(count: ckernels_maps_packed_count(1, inputs, outputs))
    ckernels_maps_pack(1, try linear.weight.value.floats(), inputs, outputs, weight.address)
    bias = try linear.bias.map { AlignedFloats(try $0.value.floats()) }
  }

  func callAsFunction(_ x: FeatureMap, adding addend: FeatureMap? = nil) -> FeatureMap {
    let y = x.another(channels: outputs)
    ckernels_maps_pointwise(
      x.pixels, x.address, inputs, y.address, outputs, weight.address, bias?.address, addend?.address)
    return y
  }

  func add(_ x: FeatureMap, to sum: FeatureMap) {
    ckernels_maps_pointwise(
      x.pixels, x.address, inputs, sum.address, outputs, weight.address, bias?.address, sum.address)
  }
}

/// A 3×3 convolution with stride 2.
struct FusedHalving {
  private let inputs: Int
  private let outputs: Int
  private let weight: AlignedFloats
  private let bias: AlignedFloats

  var scratchCount: Int { ckernels_maps_halving_scratch_count(inputs) }

  init(_ convolution: Conv2d) throws {
    (outputs, inputs) = convolution.channels
    weight = AlignedFloats(count: ckernels_maps_packed_count(3, inputs, outputs))
    ckernels_maps_pack(3, try convolution.weight.value.floats(), inputs, outputs, weight.address)
    bias = try convolution.packedBias()
  }

  func callAsFunction(_ x: FeatureMap) -> FeatureMap {
    var maps = x.maps
    (maps.height, maps.width) = ((maps.height + 1) / 2, (maps.width + 1) / 2)
    let y = FeatureMap(maps, channels: outputs, x.workspace)
    ckernels_maps_halving(
      x.maps, x.address, inputs, y.address, outputs, weight.address, bias.address, x.workspace.scratch.address
    )
    return y
  }
}

/// A group normalisation with what follows it.
struct FusedNorm {
  let channels: Int
  private let weight: AlignedFloats
  private let bias: AlignedFloats
  private let parameters: CKernelsNorm

  var scratchCount: Int { ckernels_maps_norm_scratch_count(channels) }

  init(_ norm: GroupNorm, groups: Int, activates: Bool) throws {
    channels = norm.weight.value.shape[0]
    weight = AlignedFloats(try norm.weight.value.floats())
    bias = AlignedFloats(try norm.bias.value.floats())
    parameters = CKernelsNorm(
      groups: groups, epsilon: GroupNorm.epsilon, weight: weight.address, bias: bias.address,
      activates: activates)
  }

  /// - Parameters:
  ///   - beside: what follows the channels of x.
  ///   - film: scales and shifts of the first picture; those of the next lie `stride` further.
  func callAsFunction(
    _ x: FeatureMap, beside: FeatureMap? = nil, film: UnsafePointer<Float>? = nil, stride: Int = 0
  ) -> FeatureMap {
    let y = x.another(channels: channels)
    ckernels_maps_norm(
      x.maps, x.address, x.channels, (beside ?? x).address, beside?.channels ?? 0, parameters, film, stride,
      y.address, x.workspace.scratch.address)
    return y
  }
}

extension Conv2d {
  fileprivate var channels: (outputs: Int, inputs: Int) { (weight.value.shape[0], weight.value.shape[1]) }

  /// Zeros where there is none.
  fileprivate func packedBias() throws -> AlignedFloats {
    try bias.map { AlignedFloats(try $0.value.floats()) }
      ?? AlignedFloats(count: AlignedFloats.rounded(channels.outputs))
  }
}
