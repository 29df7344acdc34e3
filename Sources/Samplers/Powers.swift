#if canImport(Glibc)
  internal import Glibc
#else
  internal import Foundation
#endif

func root(_ value: Double, _ degree: Double) -> Double { pow(value, 1 / degree) }
func power(_ value: Double, _ exponent: Double) -> Double { pow(value, exponent) }
func logarithm(_ value: Double) -> Double { log(value) }
func exponential(_ value: Double) -> Double { exp(value) }
